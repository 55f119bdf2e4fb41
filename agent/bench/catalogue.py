"""What a large catalogue takes: time to compile, memory, and how long the same orders take to recognise."""

from __future__ import annotations

import multiprocessing
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from agent.bench.catalogue_swap import run_swap
from agent.bench.made_catalogue import made_catalogue
from agent.deciding.catalogue import Catalogue, parse_catalogue
from agent.deciding.edition import Edition, compiled, source_id
from agent.deciding.lexicon import LEXICONS
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import OrderAsked, understand
from agent.hearing.audio import to_float
from agent.hearing.moonshine import Float32
from agent.hearing.recogniser import Recogniser
from agent.hearing.speech import Speech
from agent.plumbing.sentence_graph import SentenceGraph
from agent.plumbing.settings import Asr

LANGUAGE = "en"
_NUMBERS = ("two", "three", "five")
_COUNTS = (2, 3, 5)
_COMPILER = "bench"
_WAKES_S = 0.005


def run_catalogue_bench(sizes: list[int], orders: int, models_dir: Path) -> dict[str, Any]:
    """{"orders": n, "results": [one dict a size, in `sizes`' order]}; each size in processes of its own.

    A size: "products"; what the compiler does, "parse_seconds", "lexicon_seconds" (grammar), "compiler_mb"
    (the most that its memory grew by), and for comparison "in_a_thread_ms", how late a thread that wakes
    every few milliseconds is while another one of its process does that: {"p50", "max"}; the till's part
    "index_seconds" (reading what was compiled), "till_mb" (what its resident memory grew by),
    "understand_ms"; "swap", as `run_swap` gives it; "states", "arcs", "handed_over_bytes"; the voice's part
    "compile_seconds" (from bytes to a grammar that is ready to use), "resident_mb" (growth by that),
    "resident_after_orders_mb" (and once it has decoded), "decode_ms" {"p50", "p95"} and "right" (share of
    orders with product and quantity as said). The orders are those for the first products of the smallest
    size, spoken by the device's own synthetic voice.
    """
    results = []
    for size in sizes:
        compiler, data = _alone(_compiler_part, size)
        compiler["in_a_thread_ms"] = _alone(_thread_part, size)
        till, graph = _alone(_till_part, size, data)
        voice = _alone(_voice_part, size, min(sizes), orders, graph, models_dir)
        results.append({"products": size, **compiler, **till, "swap": _alone(run_swap, size), **voice})
    return {"orders": orders, "results": results}


def _alone(part: Any, *arguments: Any) -> Any:
    """In a fresh process, so that no memory of another size is counted."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(part, *arguments).result()


def _compiler_part(size: int) -> tuple[dict[str, Any], bytes]:
    data = msgspec.json.encode(made_catalogue(size))
    before = _memory_mb("VmRSS")
    begun = time.perf_counter()
    catalogue = parse_catalogue(data)
    parsed = time.perf_counter()
    compile_sentences(catalogue, LANGUAGE).to_bytes()
    made = time.perf_counter()
    row = {
        "parse_seconds": round(parsed - begun, 3),
        "lexicon_seconds": round(made - parsed, 3),
        "compiler_mb": round(_memory_mb("VmHWM") - before, 1),
    }
    return row, compiled(data, shop_id=catalogue.shop_id, language=LANGUAGE, compiler=_COMPILER)


def _thread_part(size: int) -> dict[str, float]:
    data = msgspec.json.encode(made_catalogue(size))
    shop_id = made_catalogue(1).shop_id
    wanted = {"shop_id": shop_id, "language": LANGUAGE, "compiler": _COMPILER}
    compiling = threading.Thread(target=compiled, args=(data,), kwargs=wanted)
    late: list[float] = []
    compiling.start()
    while compiling.is_alive():
        due = time.perf_counter() + _WAKES_S
        time.sleep(_WAKES_S)
        late.append(1_000 * (time.perf_counter() - due))
    return {"p50": round(float(np.percentile(late, 50)), 1), "max": round(max(late), 1)}


def _till_part(size: int, data: bytes) -> tuple[dict[str, Any], bytes]:
    catalogue = made_catalogue(size)
    source = source_id(msgspec.json.encode(catalogue))
    before = _memory_mb("VmRSS")
    begun = time.perf_counter()
    edition = Edition.from_bytes(data, source=source, compiler=_COMPILER, language=LANGUAGE)
    indexed = time.perf_counter()
    parser = edition.parser(LANGUAGE)
    for product in range(min(size, 100)):
        understand(parser, edition.catalogue, "order", _sentence(catalogue, product)[0])
    understood = time.perf_counter()
    return {
        "index_seconds": round(indexed - begun, 3),
        "understand_ms": round(1_000 * (understood - indexed) / min(size, 100), 3),
        "till_mb": round(_memory_mb("VmRSS") - before, 1),
    }, edition.grammar


def _voice_part(size: int, smallest: int, orders: int, data: bytes, models_dir: Path) -> dict[str, Any]:
    catalogue = made_catalogue(size)
    wanted = [_sentence(catalogue, at * smallest // orders) for at in range(orders)]
    speech = Speech()
    audio: list[Float32] = [to_float(speech.speak(text, LANGUAGE)) for text, _, _ in wanted]
    recogniser = Recogniser.from_settings(models_dir, Asr())
    recogniser.use(compile_sentences(made_catalogue(1), LANGUAGE))
    for samples in audio:
        recogniser.recognise(samples, "order")
    recogniser.rest()
    parser = SentenceParser(SentenceGraph.from_bytes(data))
    before = _memory_mb("VmRSS")
    begun = time.perf_counter()
    graph = SentenceGraph.from_bytes(data)
    recogniser.use(graph)
    compiled = time.perf_counter()
    shape = {"states": len(set(graph.source)) + 1, "arcs": len(graph.source)}
    del graph
    resident = _memory_mb("VmRSS")
    took, right = [], 0
    for samples, (_, product, quantity) in zip(audio, wanted, strict=True):
        start = time.perf_counter()
        heard = recogniser.recognise(samples, "order")
        took.append(1_000 * (time.perf_counter() - start))
        meaning = understand(parser, catalogue, "order", heard.words)
        if isinstance(meaning, OrderAsked):
            lines = meaning.basket.lines
            right += [(line.product_id, line.quantity) for line in lines] == [(product, quantity)]
    recogniser.rest()
    return {
        **shape,
        "handed_over_bytes": len(data),
        "compile_seconds": round(compiled - begun, 3),
        "resident_mb": round(resident - before, 1),
        "resident_after_orders_mb": round(_memory_mb("VmRSS") - before, 1),
        "decode_ms": {f"p{p}": round(float(np.percentile(took, p)), 1) for p in (50, 95)},
        "right": round(right / len(wanted), 4),
    }


def _sentence(catalogue: Catalogue, at: int) -> tuple[str, str, int]:
    """An order for the product at `at`: text, product, quantity."""
    product, lexicon = catalogue.products[at], LEXICONS[LANGUAGE]
    spoken = at % len(_NUMBERS)
    unit = lexicon.units[product.unit].many
    text = f"order {_NUMBERS[spoken]} {unit} {lexicon.of} {product.words[LANGUAGE].say}"
    return text, product.id, _COUNTS[spoken]


def _memory_mb(field: str) -> float:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1_024
    raise AssertionError(f"proc(5) status has no {field}")
