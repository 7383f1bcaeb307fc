"""``python -m zelo``."""

from zelo.cli.app import main

if __name__ == "__main__":
    main()
