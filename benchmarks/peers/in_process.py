"""The limit: predictions in a loop, with no server. Reads seconds from standard input, writes CPU and times."""

import json
import sys
import time
from pathlib import Path

from pelagos.module import File
from pelagos_image_classification import ImageClassification

pictures = [path.read_bytes() for path in sorted(Path(sys.argv[1]).glob("*.jpg"))]
classifier = ImageClassification()
classifier.load(None)
classifier.predict(File("a.jpg", data=pictures[0]))
print("ready", flush=True)
for line in sys.stdin:
    end, took, began_cpu_s = time.perf_counter() + float(line), [], time.process_time()
    while (now := time.perf_counter()) < end:
        classifier.predict(File("a.jpg", data=pictures[len(took) % len(pictures)]))
        took.append(time.perf_counter() - now)
    print(json.dumps({"cpu_s": time.process_time() - began_cpu_s, "took_s": took}), flush=True)
