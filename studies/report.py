"""`python -m studies.report`: see :mod:`studies.networks.report`."""

from studies.networks.report import main

if __name__ == "__main__":
    main()
