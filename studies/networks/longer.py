"""Train one chosen configuration longer, on more of its data set, and test it once.

    python -m studies.networks.longer --task imdb/ending --data-dir ../shared/data

The configuration is the best of the task's recorded grid. For texts, a logistic regression on
tf-idf features of the same training rows is tested beside it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from studies.commands import Parser, command, count, positive, valid
from studies.families.recorded import recorded_table
from studies.networks.data import prepare
from studies.networks.objectives import run_configuration
from studies.networks.rows import SOURCES, choose_rows, load_rows
from studies.networks.tasks import NetworkTask, get_task, grid
from studies.networks.training import evaluate, pick_device


def best_params(task: NetworkTask) -> dict[str, float | int | str]:
    """The best configuration on validation in the task's recorded grid."""
    table = recorded_table(task.table)
    row = table.iloc[int(table["accuracy"].argmax())].to_dict()
    return {name: row[name] for name in grid(task)}


def linear_accuracy(task: NetworkTask, data_dir: str | None, seed: int) -> float:
    """Test accuracy of a logistic regression on tf-idf of words and pairs of words."""
    column = SOURCES[task.dataset].column
    train, test = (load_rows(task.dataset, part, data_dir) for part in ("train", "test"))
    rows = choose_rows(task, train, test, seed)
    train, test = train.select(rows["train"]), test.select(rows["test"])
    features = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    model = make_pipeline(features, LogisticRegression(C=10.0, max_iter=1000))
    model.fit(list(train[column]), list(train["label"]))
    return float(model.score(list(test[column]), list(test["label"])))


def make_parser() -> Parser:
    """The command line."""
    parser = command("networks.longer", __doc__)
    parser.add_argument(
        "--task", type=valid(get_task), default="imdb/ending", help="see python -m studies.tasks"
    )
    parser.add_argument("--train", type=positive, default=9000, help="training rows")
    parser.add_argument("--test", type=positive, default=10_000, help="test rows at most")
    parser.add_argument("--tokens", type=positive, default=200, help="words of a text")
    parser.add_argument("--epochs", type=positive, default=6, help="passes over the rows")
    parser.add_argument("--data-dir", help="Parquet files instead of the hub")
    parser.add_argument("--cache-dir", help="where prepared tensors are kept")
    parser.add_argument("--seed", type=count, default=0, help="of rows and training")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Train, test and print."""
    parser = make_parser()
    options = parser.parse_args(argv)
    chosen = get_task(options.task)
    task = dataclasses.replace(
        chosen,
        n_train=options.train,
        n_test=options.test,
        epochs=options.epochs,
        tokens=options.tokens if chosen.tokens else 0,
    )
    with parser.refusing():
        data = prepare(
            task, data_dir=options.data_dir, cache_dir=options.cache_dir, seed=options.seed
        ).to(pick_device())
    params = best_params(task)
    network, run = run_configuration(task, data, params, seed=options.seed)
    print(f"{task.model} {params}: {run.seconds:.0f} s, validation {run.valid.accuracy:.4f}")
    print(f"{task.model} on {len(data.test.labels)} test rows: {evaluate(network, data.test)}")
    if chosen.tokens:
        accuracy = linear_accuracy(task, options.data_dir, options.seed)
        print(f"tf-idf and logistic regression, the same rows: accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
