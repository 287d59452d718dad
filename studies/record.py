"""`python -m studies.record`: see :mod:`studies.networks.record`."""

from studies.networks.record import main

if __name__ == "__main__":
    main()
