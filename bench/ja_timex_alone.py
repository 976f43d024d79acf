"""Find the dates of the made Japanese articles with ja-timex; runs in ``.venv-bench``, which holds nothing of keii.

Usage: python bench/ja_timex_alone.py FOLDER   (text files, UTF-8; prints rows in characters and seconds)
"""

import json
import sys
import time
from pathlib import Path

from ja_timex import TimexParser

texts = [path.read_text("utf-8") for path in sorted(Path(sys.argv[1]).glob("*.txt"))]
parser = TimexParser()
for text in texts:
    parser.parse(text[:2000])
start = time.perf_counter()
for text in texts:
    for line in text.splitlines():
        parser.parse(line)
print(json.dumps({"rows": sum(map(len, texts)), "seconds": time.perf_counter() - start}))
