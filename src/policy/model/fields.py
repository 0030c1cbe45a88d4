"""The fact schema: the only place where a field is described."""

from __future__ import annotations

from policy.model.kinds import (
    BOOLEAN,
    COUNT,
    DATE,
    DURATION,
    INTEGER,
    MONEY,
    NUMBER,
    PATH,
    RATE,
    STRING,
    RecordsKind,
    enum,
    list_of,
)
from policy.model.schema import Field, Schema

APPROACHES = ("fine-tuning", "rag", "prompt-engineering", "few-shot", "hybrid")
ALTERNATIVES = (
    "base-model",
    "prompt-engineering",
    "system-prompt",
    "few-shot",
    "rag",
    "hybrid",
    "fine-tuning",
)
SPLITS = ("train", "validation", "test")
TERMS = ("non-commercial", "research-only", "no-derivatives", "share-alike", "conditional", "unlisted")


CONFIG = "training config"
DATA = "data files"
HISTORY = "git history"
RESULTS = "evaluation results"
RUNS = "runs"
SCAN = "data scan"
JOB_FILE = "job file"
ESTIMATE = "cost estimate"
TABLES = "dated tables"
DISCOVERY = "discovery"
COMPARISON = "comparison"
DATASET_CARD = "dataset card"
CROISSANT = "Croissant metadata"
DATA_PACKAGE = "data package"
MODEL_CARD = "model card"
LICENSED = (DATASET_CARD, CROISSANT, DATA_PACKAGE)
# What ships with the package can tell this much; plugins may tell the rest.
COLLECTED = (CONFIG, DATA, *LICENSED, MODEL_CARD, SCAN, JOB_FILE, RESULTS, RUNS, HISTORY, DISCOVERY, COMPARISON, TABLES)

SOURCE_FIELDS = (
    Field("path", PATH, "the file, relative to the manifest", (CONFIG,)),
    Field("name", STRING, "the data set's name where it is no file of the repository", (CONFIG,)),
    Field("license", STRING, "the licence's identifier", LICENSED, agree="case"),
    Field("split", enum(*SPLITS), "what the data is for; training where nothing is said", (CONFIG,), agree="split"),
    Field("rows", COUNT, "examples in it", (DATA,), agree="within:0.01"),
    Field("format", STRING, "json, jsonl, csv or parquet", (DATA,)),
    Field("digest", STRING, "SHA-256 of its bytes, in hexadecimal", (DATA,), agree="prefix"),
    Field("license_terms", list_of(enum(*TERMS)), "what the licence restricts", derived=True, writable=False),
)
TRIED_FIELDS = (
    Field("approach", enum(*ALTERNATIVES), "what was tried", (RESULTS, RUNS)),
    Field("results", PATH, "the file that holds the results, relative to the manifest", (RESULTS,)),
    Field("run", STRING, "the tracked run, such as mlflow:/runs/3f1c", (RUNS,)),
    Field("metric", STRING, "the name of the metric", (RESULTS, RUNS)),
    Field("score", NUMBER, "the metric's value", (RESULTS, RUNS), agree="within:0.01"),
    Field("few_shot", COUNT, "examples given in the prompt", (RESULTS, RUNS)),
    Field("sufficient", BOOLEAN, "it met the need"),
    Field(
        "comparable",
        BOOLEAN,
        "same task, version and number of shots as the tuned model's result",
        (RESULTS,),
    ),
    Field("result_found", BOOLEAN, "its results file or its run is there", (RESULTS, RUNS), writable=False),
)

FIELDS = (
    Field("project", STRING, "the project's name, unique in the organisation"),
    Field("owner.team", STRING, "the team that answers for the project"),
    Field("owner.contact", STRING, "where that team is reached"),
    Field("owner.training_experience", BOOLEAN, "someone on the team has trained models before"),
    Field(
        "approach",
        enum(*APPROACHES),
        "what the project does; hybrid is retrieval with a tuned model",
        (CONFIG,),
        agree="approach",
    ),
    Field(
        "purpose",
        list_of(enum("style", "domain-language", "task-pattern", "latency", "knowledge", "other")),
        "why the model is adapted",
    ),
    Field("stage", enum("experiment", "prototype", "pilot", "production", "retired"), "how far the project is"),
    Field(
        "system.kind",
        enum("assistant", "agent", "extraction", "classification", "generation", "search", "other"),
        "what the system does",
    ),
    Field("system.users", enum("internal", "customers", "public"), "who uses it"),
    Field("system.use", enum("commercial", "internal", "research"), "what it is used for"),
    Field("system.risk", enum("minimal", "limited", "high", "prohibited"), "its class under the EU AI Act"),
    Field("system.documentation", PATH, "its technical documentation"),
    Field("system.human_oversight", BOOLEAN, "a person can oversee and stop it"),
    Field("needs.citations", BOOLEAN, "answers must cite their sources"),
    Field("needs.traceability", BOOLEAN, "someone must be able to see what an answer rests on"),
    Field("needs.knowledge", BOOLEAN, "answers rest on facts that the base model does not hold"),
    Field("needs.consistency", BOOLEAN, "the same input must give the same kind of answer every time"),
    Field("needs.varied_tasks", BOOLEAN, "many different or one-off tasks, or flexible use"),
    Field(
        "needs.prompt_resistant_pattern",
        BOOLEAN,
        "the system must follow a pattern that is hard to specify in a prompt",
    ),
    Field("needs.update_within", DURATION, "how fast a changed fact must be in the answers"),
    Field("needs.latency_p95", DURATION, "target for the 95th percentile of the answer time"),
    Field("retrieval.planned", BOOLEAN, "documents are retrieved at inference", derived=True),
    # A month of retrieval costs the text that it adds to each call, and an update the documents that it embeds anew.
    Field("retrieval.tokens", COUNT, "tokens of retrieved text that a call sends"),
    Field("retrieval.document_tokens", COUNT, "tokens in all documents that are retrieved from"),
    Field("retrieval.embedding", STRING, "the model that embeds them, as `provider/model`"),
    Field("retrieval.store_month", MONEY, "cost of the store that is searched, for a month"),
    Field(
        "data.change_interval",
        DURATION,
        "typical time between changes of the training data",
        (HISTORY,),
        agree="any",
    ),
    Field("data.rows", COUNT, "examples in the training split", (DATA,), combine="sum", agree="within:0.01"),
    Field("data.tokens", COUNT, "tokens in the training split", (DATA,), combine="sum", agree="any"),
    Field("data.bytes", COUNT, "bytes in the training split", (DATA,), combine="sum", agree="within:0.01"),
    Field(
        "data.duplicate_rate",
        RATE,
        "share of rows that stand there more than once",
        (DATA,),
        agree="within:0.01",
    ),
    Field(
        "data.overlap_rate",
        RATE,
        "share of evaluation rows that the training data holds too",
        (DATA,),
        agree="within:0.01",
    ),
    Field("data.secrets", COUNT, "credentials found in the training data", (SCAN,), combine="sum"),
    Field(
        "data.personal_data",
        COUNT,
        "places with personal data found in the training data",
        (SCAN,),
        combine="sum",
    ),
    Field("data.personal_data_approved", BOOLEAN, "the use of that personal data is approved"),
    Field("data.digest", STRING, "SHA-256 over the training sources", (DATA,), agree="prefix"),
    Field(
        "data.license_terms",
        list_of(enum(*TERMS)),
        "what the licences of the data restrict",
        derived=True,
        writable=False,
    ),
    Field(
        "data.sources",
        RecordsKind("list of records", fields=SOURCE_FIELDS, keys=("path", "name")),
        "where the data comes from",
        (CONFIG, DATA),
    ),
    Field(
        "manifest.present",
        BOOLEAN,
        "a manifest covers this training config or call",
        (DISCOVERY,),
        writable=False,
    ),
    Field("model.base", STRING, "the base model", (CONFIG,), agree="case"),
    Field("model.revision", STRING, "the base model's revision: a commit or a hash", (CONFIG,), agree="prefix"),
    Field("model.license", STRING, "the base model's licence", (MODEL_CARD,), agree="case"),
    Field(
        "model.license_terms",
        list_of(enum(*TERMS)),
        "what the base model's licence restricts",
        derived=True,
        writable=False,
    ),
    Field("model.provider", STRING, "who offers the base model", (CONFIG,), agree="case"),
    Field("model.parameters", COUNT, "parameters of the base model", agree="within:0.05"),
    Field("model.training_flops", NUMBER, "floating-point operations that trained the base model"),
    Field("model.retires", DATE, "the day the provider shuts the base model down", (TABLES,)),
    Field(
        "model.remote_code",
        BOOLEAN,
        "loading the model runs code from its repository (`trust_remote_code`)",
        (CONFIG,),
        combine="any",
    ),
    Field(
        "training.tool",
        enum(
            "axolotl",
            "llama-factory",
            "torchtune",
            "trl",
            "alignment-handbook",
            "hyperpod",
            "openai",
            "azure",
            "mlflow-project",
            "custom",
        ),
        "what trains",
        (CONFIG,),
    ),
    Field("training.config", PATH, "the training config, relative to the manifest", (CONFIG,), agree="any"),
    Field(
        "training.method",
        enum(
            "sft",
            "dpo",
            "kto",
            "orpo",
            "grpo",
            "ppo",
            "reward",
            "distillation",
            "continued-pretraining",
            "other",
        ),
        "how it is trained",
        (CONFIG,),
    ),
    Field(
        "training.adapter",
        enum("full", "lora", "qlora", "dora", "oft", "freeze", "other"),
        "which weights are trained",
        (CONFIG,),
    ),
    Field("training.epochs", NUMBER, "passes over the training data", (CONFIG,)),
    Field("training.seed", INTEGER, "the random seed", (CONFIG,)),
    Field("training.validation", BOOLEAN, "a held-out split is configured", (CONFIG,), combine="any"),
    # Every commit of a repository changes it, whatever the project; that there is one is what counts.
    Field("training.commit", STRING, "the commit that is trained", (HISTORY,), agree="prefix", staked=False),
    Field("training.interval", DURATION, "typical time between training runs", (HISTORY,), agree="any"),
    # Only what runs on accelerators is paid by the hour, and each kind of them has its own speed and price.
    Field("training.accelerator", STRING, "the accelerator that trains, such as h100-sxm"),
    Field(
        "training.flops",
        NUMBER,
        "floating-point operations of the training, an estimate",
        derived=True,
        writable=False,
    ),
    Field(
        "training.compute_share",
        NUMBER,
        "the training's operations as a share of the base model's",
        derived=True,
        writable=False,
    ),
    Field("training.job_file_valid", BOOLEAN, "the training file keeps the provider's rules", (JOB_FILE,)),
    Field(
        "tried",
        RecordsKind("list of records", fields=TRIED_FIELDS, keys=("results", "run")),
        "what was tried before",
        (RESULTS, RUNS),
    ),
    Field("evaluation.metrics", list_of(STRING), "what the evaluation measures", (RESULTS,)),
    Field(
        "evaluation.baseline",
        NUMBER,
        "result of the best cheaper approach",
        (RESULTS, RUNS),
        agree="within:0.01",
    ),
    Field("evaluation.tuned", NUMBER, "result of the tuned model", (RESULTS, RUNS), agree="within:0.01"),
    # Without it the gain in an error rate, or in a perplexity, would follow with the wrong sign.
    Field("evaluation.lower_is_better", BOOLEAN, "less is better in the metric that is compared", (RESULTS, RUNS)),
    Field(
        "evaluation.gain",
        NUMBER,
        "tuned less baseline, or the other way round where less is better",
        (RESULTS, RUNS),
        derived=True,
        agree="within:0.05",
    ),
    Field("evaluation.gain_low", NUMBER, "lower end of the gain's interval", (RESULTS, RUNS), writable=False),
    Field(
        "evaluation.comparable",
        BOOLEAN,
        "baseline and tuned model ran the same task, version and number of shots",
        (RESULTS,),
    ),
    Field("evaluation.style_metric", BOOLEAN, "style is measured"),
    Field(
        "evaluation.domain_gap",
        BOOLEAN,
        "it is measured that the base model fails on the domain's language",
    ),
    Field(
        "evaluation.consistency",
        BOOLEAN,
        "consistency over repeats is measured, before and after",
    ),
    Field("evaluation.pattern_shown", BOOLEAN, "the task repeats, and prompting was measured on it"),
    Field(
        "evaluation.latency_p95",
        DURATION,
        "the 95th percentile of the answer time today",
        agree="within:0.05",
    ),
    Field("cost.run", MONEY, "cost of one training run, an estimate", (ESTIMATE,), derived=True, agree="any"),
    Field("cost.month", MONEY, "cost of a month, an estimate", (ESTIMATE,), derived=True, agree="any"),
    Field(
        "cost.hosting_month",
        MONEY,
        "cost of hosting the tuned model for a month, an estimate",
        (ESTIMATE,),
        derived=True,
        agree="any",
    ),
    Field(
        "cost.break_even_calls",
        COUNT,
        "calls a month from which the tuned model pays back",
        derived=True,
        writable=False,
    ),
    Field("budget.per_run", MONEY, "the project's own budget for one training run"),
    Field("budget.per_month", MONEY, "the project's own budget for a month"),
    Field("usage.calls_per_month", COUNT, "calls a month"),
    Field("usage.saving_per_call", MONEY, "what a tuned model saves per call"),
    # Examples and retrieved text are left out, since they are what the approaches differ by.
    Field("usage.input_tokens", COUNT, "tokens that a call sends, without examples and retrieved text"),
    Field("usage.output_tokens", COUNT, "tokens that a call is answered with"),
    Field("hosting.kind", enum("provider", "self-hosted", "serverless"), "where the model runs"),
    Field("hosting.billed_idle", BOOLEAN, "hosting costs money while nobody calls"),
    Field("hosting.accelerator", STRING, "the accelerator that the model runs on, such as l40s"),
    Field("hosting.accelerators", COUNT, "how many of them it runs on"),
    Field(
        "provider.available",
        BOOLEAN,
        "the provider takes fine-tuning jobs on this date",
        (TABLES,),
        writable=False,
    ),
    Field("release.model_card", PATH, "the model card of the release"),
    Field("release.digest", STRING, "digest of the released model"),
    Field("release.license", STRING, "licence of the released model", (MODEL_CARD,), agree="case"),
    Field(
        "release.license_terms",
        list_of(enum(*TERMS)),
        "what the release's licence restricts",
        derived=True,
        writable=False,
    ),
    Field("release.retires", DATE, "the day the released model is taken out of use"),
    Field(
        "release.license_conflicts",
        COUNT,
        "licences of base and data that conflict with the release's",
        derived=True,
        writable=False,
    ),
    Field("approval.by", STRING, "who approved", derived=True, writable=False),
    Field("approval.requested_by", STRING, "who asked for the approval", derived=True, writable=False),
    Field(
        "approval.current",
        BOOLEAN,
        "the approval was given for what is at stake now",
        derived=True,
        writable=False,
    ),
    Field(
        "run.activity",
        enum("baseline", "evaluation", "data", "training"),
        "what the run is for; only training meets the fine-tuning policies",
        derived=True,
        writable=False,
    ),
    Field(
        "evidence.contradictions",
        COUNT,
        "declared values that evidence contradicts",
        (COMPARISON,),
        writable=False,
    ),
    Field(
        "evidence.stale_tables",
        COUNT,
        "dated tables in use that are older than 90 days",
        (TABLES,),
        writable=False,
    ),
)

SCHEMA = Schema(FIELDS)
