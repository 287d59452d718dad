"""`python -m studies.tasks`: see :mod:`studies.networks.tasks`."""

from studies.networks.tasks import main

if __name__ == "__main__":
    main()
