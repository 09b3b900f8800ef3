import hashlib
import json

import pandas as pd

from multicenter.provenance.manifest import build_manifest, code_files, software_versions, summarize


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_manifest_lists_each_file_with_its_digest(tmp_path):
    receipt = tmp_path / "AAA" / "receipt.json"
    receipt.parent.mkdir()
    receipt.write_text(json.dumps({"files": [{"file": "aaa.csv", "sha256": "1" * 64}]}))
    for name in ("study.yaml", "module.py", "fig.pdf"):
        (tmp_path / name).write_text(name)
    manifest = build_manifest(
        [receipt], {"study": tmp_path / "study.yaml"}, {"lib/module.py": tmp_path / "module.py"}, [tmp_path / "fig.pdf"]
    )
    assert manifest.to_numpy().tolist() == [
        ["code", "lib/module.py", sha("module.py")],
        ["config", "study", sha("study.yaml")],
        ["delivery", "AAA/aaa.csv", "1" * 64],
        ["result", str(tmp_path / "fig.pdf"), sha("fig.pdf")],
    ]


def test_all_code_is_listed_and_no_bytecode(tmp_path):
    names = [
        "Snakefile", "envs/fit.yaml", "profiles/default/config.yaml", "requirements.txt",
        "workflow/lib/multicenter/fit.py", "workflow/rules/a.smk", "workflow/schemas/a.json",
    ]  # fmt: skip
    for name in [*names, "workflow/lib/multicenter/__pycache__/fit.pyc", "results/x.csv"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert list(code_files(tmp_path)) == names


def test_versions_are_the_pins_of_lock_and_environments(tmp_path):
    (tmp_path / "envs").mkdir()
    (tmp_path / "requirements.txt").write_text("pandas==2.3.3 \\\n    --hash=sha256:00\nnumpy==2.4.6 ; x > '3'\n")
    (tmp_path / "envs" / "fit.yaml").write_text("channels:\n  - conda-forge\ndependencies:\n  - pandas=2.3.3\n")
    assert software_versions(tmp_path) == {
        "requirements.txt": {"pandas": "2.3.3", "numpy": "2.4.6"},
        "envs/fit.yaml": {"pandas": "2.3.3"},
    }


SENT = pd.DataFrame({"center": ["C0", "C1"], "replaces": ["", ""], "changed_values": [0, 0]})


def status(*simulated: bool, held: str = "") -> dict:
    centers = [
        {"center": f"C{i}", "simulated": s, "received": f"2023-0{i + 1}-15", "state": "current"}
        | ({"state": "held"} if f"C{i}" == held else {})
        for i, s in enumerate(simulated)
    ]
    return {"patients": 9, "centers": centers}


def test_the_summary_says_whose_data_are_simulated():
    findings = pd.DataFrame({"outcome": ["query", "note", "query"]})
    ledger = pd.DataFrame({"status": ["OPEN", "REOPENED", "WAIVED", "RESOLVED", "OPEN"]})
    first = [
        summarize(status(*s), findings, ledger, SENT, "out").splitlines()[0]
        for s in [(True, True), (True, False), (False,)]
    ]
    assert first == [
        "9 eligible patients from 2 centers. All of it is simulated data.",
        "9 eligible patients from 2 centers. Simulated data from: C0.",
        "9 eligible patients from 1 centers.",
    ]
    assert summarize(status(True), findings, ledger, SENT, "out").splitlines()[2] == (
        "3 open queries and 1 notes on the deliveries. Workbooks: results/restricted/queries"
    )


def test_the_summary_says_which_delivery_each_center_stands_at():
    findings, ledger = pd.DataFrame({"outcome": []}), pd.DataFrame({"query": [], "status": []})
    second = [
        summarize(status(True, True, True, held=h), findings, ledger, SENT, "out").splitlines()[1] for h in ("", "C1")
    ]
    assert second == [
        "Deliveries: 3 current (received 2023-01-15 to 2023-03-15); held: none.",
        "Deliveries: 2 current (received 2023-01-15 to 2023-03-15); held: C1 at its delivery of 2023-02-15.",
    ]


def test_the_summary_says_how_many_known_values_an_update_changed():
    findings, ledger = pd.DataFrame({"outcome": []}), pd.DataFrame({"query": [], "status": []})
    sent = SENT.assign(replaces=["", "0123456789ab"], changed_values=[0, 12])
    assert summarize(status(True), findings, ledger, sent, "out").splitlines()[2] == (
        "Known values changed by updates: C1 12 (changes.csv beside each center's accepted delivery)."
    )
