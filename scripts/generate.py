"""Writes all generated files."""
import sys
from pathlib import Path
import yaml
from headrace.api.crd import crds

for crd in crds():
    Path(f"crds/{crd['metadata']['name']}.yaml").write_text(yaml.safe_dump(crd, sort_keys=False, width=100, allow_unicode=True))
