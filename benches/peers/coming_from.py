"""Runs the Python of the guide's chapter `coming_from`, block by block, with the versions at hand.

Each block asserts the number that the chapter states, which its Rust code asserts too. In a throw-away environment:

    pip install torch scipy pyhessian curvlinops-for-pytorch hessian-eigenthings jax matfree
    python benches/peers/coming_from.py
"""

import pathlib
import re
import warnings

warnings.simplefilter("ignore")
chapter = pathlib.Path(__file__).parents[2] / "src" / "guide" / "coming_from.md"
text = chapter.read_text()
names = {}
blocks = list(re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S))
assert len(blocks) > 5, f"{len(blocks)} blocks of Python in {chapter}"
for block in blocks:
    line = text[: block.start()].count("\n") + 1
    # Lines of a traceback are those of the chapter.
    exec(compile("\n" * line + block.group(1), str(chapter), "exec"), names)
    section = re.findall(r"^# (.*)$", re.sub(r"^```.*?^```", "", text[: block.start()], flags=re.M | re.S), re.M)[-1]
    print(f"{chapter.name}:{line} holds ({section})")
