"""`onevoice demo`: a year of real shopping in a workspace, a campaign through every room, and the console opened."""

import os
import time
import webbrowser
from pathlib import Path

import typer

from onevoice.cli.demo.house import Demo
from onevoice.cli.demo.opening import open_house
from onevoice.cli.demo.summary import show

FOLDER = Path("demo-workspace")


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(demo)


def demo(
    folder: Path = typer.Argument(FOLDER, help="The workspace folder; made if it is not there."),
    serve: bool = typer.Option(True, "--serve/--no-serve", help="Open the console when everything is loaded."),
    browser: bool = typer.Option(True, "--browser/--no-browser", help="Also open it in the browser."),
    port: int = typer.Option(8000, help="Port of the console."),
) -> None:
    """Load 2,469 real households and what they bought in a year, send one campaign, and look at it all."""
    began = time.monotonic()
    house = Demo(folder)
    with house.mailbox():
        house.load()
        house.campaign()
        show(house, seconds=time.monotonic() - began)
        if serve:
            os.environ["ONEVOICE_PORT"] = str(port)
            open_house(house, port=port, show=webbrowser.open if browser else None)
