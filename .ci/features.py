"""Prints each library crate with no feature and with each of its features alone.

One `PACKAGE FEATURE` a line; the feature is missing where none is on.
"""

import json
import subprocess

metadata = json.loads(
    subprocess.run(
        ["cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"],
        check=True, stdout=subprocess.PIPE,
    ).stdout
)
for package in metadata["packages"]:
    if package["publish"] is None:  # examples, benches and fuzz are not published
        for feature in [""] + sorted(set(package["features"]) - {"default"}):
            print(package["name"], feature)
