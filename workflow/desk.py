"""Commands for the data manager's desk that need no Snakemake: python workflow/desk.py <command> --help."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CLONE = Path(__file__).resolve().parents[1]
COMMANDS = {"draft": "multicenter.draft.command", "trace": "multicenter.lineage.command"}
ABOUT = {
    "draft": "profile an extract that nobody has mapped, and draft its center file",
    "trace": "show from which cells of which files a result comes",
}
sys.path.insert(0, str(CLONE / "workflow" / "lib"))


@dataclass
class Desk:
    """Where a command works: the clone, the workspace, the configuration as Snakemake would merge it."""

    clone: Path
    workspace: Path
    config: dict[str, Any]
    config_folders: list[Path] = field(default_factory=list)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a mistake is shown as plain lines, with status 1."""
    parser = argparse.ArgumentParser(prog="desk.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    asked = next((word for word in (arguments or sys.argv[1:]) if word in COMMANDS), "")
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=ABOUT[name], description=ABOUT[name])
        command.add_argument("--configfile", nargs="+", type=Path, default=[], help="as of snakemake")
        command.add_argument(
            "--directory", type=Path, default=Path(), help="the workspace; the current folder if left out"
        )
        if name == asked:
            importlib.import_module(module).add_arguments(command)
    args = parser.parse_args(arguments)
    from multicenter.errors import ConfigError, StudyError

    try:
        args.desk = _desk(args.configfile, args.directory)
        status = importlib.import_module(COMMANDS[args.command]).run(args)
        sys.stdout.flush()
        return status
    except ConfigError as error:
        lines = [f"- {problem}" for problem in error.problems]
        print("\n".join(["The configuration has mistakes:", *lines]), file=sys.stderr)
    except StudyError as error:
        print(error, file=sys.stderr)
    except BrokenPipeError:  # whoever reads has seen enough (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"{error.filename}: {error.strerror}. Correct the path, or who may use it.", file=sys.stderr)
    return 1


def _desk(configfiles: list[Path], directory: Path) -> Desk:
    """Read config.yaml and what is merged over it."""
    from multicenter.yamlfile import read_yaml

    files = [file.resolve() for file in configfiles]
    config = read_yaml(CLONE / "config" / "config.yaml")
    for file in files:
        config |= read_yaml(file)
    return Desk(CLONE, directory.resolve(), config, [file.parent for file in files])


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUTF8", "1")
    sys.exit(main())
