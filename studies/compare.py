"""`python -m studies.compare`: see :mod:`studies.tables.compare`."""

from studies.tables.compare import main

if __name__ == "__main__":
    main()
