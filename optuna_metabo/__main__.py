"""``python -m optuna_metabo`` is the command ``optuna-metabo``."""

import sys

from optuna_metabo.cli import main

sys.exit(main())
