from pathlib import Path

from typer.testing import CliRunner

from abonent.interfaces.cli.parameters import app

runner = CliRunner()


def test_the_packs_own_parameters_are_sound() -> None:
    result = runner.invoke(app, ["lint"])
    assert result.exit_code == 0, result.output


def test_a_file_out_of_order_is_named_and_the_command_fails(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("id: xx.bad\ndescription: Bad\ntype: integer\nversions:\n  2024-01-01: {value: 5}\n")
    result = runner.invoke(app, ["lint", str(bad)])
    assert result.exit_code == 1
    assert f"{bad}:5: version 2024-01-01, field source: a source is needed" in result.output
    assert f"{bad}:5: version 2024-01-01, field value: a whole number in quotes is needed" in result.output
