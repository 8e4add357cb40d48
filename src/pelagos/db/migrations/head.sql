CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)
--
CREATE TABLE jobs (
    id VARCHAR(32) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    module VARCHAR(200) NOT NULL,
    state VARCHAR(16) NOT NULL,
    reason VARCHAR(32),
    message TEXT NOT NULL,
    arguments JSON NOT NULL,
    resources JSON NOT NULL,
    site VARCHAR(100) NOT NULL,
    "key" VARCHAR(200),
    command JSON NOT NULL,
    handle JSON,
    attempt INTEGER NOT NULL,
    created DATETIME NOT NULL,
    started DATETIME,
    finished DATETIME,
    deleted DATETIME,
    result JSON,
    version INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT jobs_key UNIQUE (module, kind, "key")
)
--
CREATE INDEX jobs_state ON jobs (state, created)
--
CREATE INDEX jobs_module ON jobs (module, created)
--
CREATE TABLE job_history (
    id INTEGER NOT NULL,
    job_id VARCHAR(32) NOT NULL,
    time DATETIME NOT NULL,
    old VARCHAR(16),
    new VARCHAR(16) NOT NULL,
    reason VARCHAR(32),
    message TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(job_id) REFERENCES jobs (id)
)
--
CREATE INDEX job_history_job ON job_history (job_id, id)
--
CREATE TABLE cards (
    id INTEGER NOT NULL,
    name VARCHAR(200) NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    category VARCHAR(200) NOT NULL,
    licence VARCHAR(500),
    created DATE,
    updated DATE,
    status VARCHAR(16) NOT NULL,
    tasks JSON NOT NULL,
    tags JSON NOT NULL,
    content JSON NOT NULL,
    source VARCHAR(500) NOT NULL,
    "commit" VARCHAR(64) NOT NULL,
    imported DATETIME NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT cards_name UNIQUE (name)
)
--
CREATE INDEX cards_title ON cards (title)
--
CREATE INDEX cards_updated ON cards (updated)
--
CREATE TABLE card_facets (
    card_id INTEGER NOT NULL,
    facet VARCHAR(16) NOT NULL,
    value VARCHAR(500) NOT NULL,
    PRIMARY KEY (card_id, facet, value),
    FOREIGN KEY(card_id) REFERENCES cards (id)
)
--
CREATE INDEX card_facets_value ON card_facets (facet, value, card_id)
--
CREATE TABLE catalog_revision (
    id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (id)
)
