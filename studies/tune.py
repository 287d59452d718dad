"""`python -m studies.tune`: see :mod:`studies.networks.tune`."""

from studies.networks.tune import main

if __name__ == "__main__":
    main()
