"""``python -m probe``: hands over to the command line."""

from probe.cli import main

if __name__ == "__main__":
    main()
