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
    version INTEGER NOT NULL, person VARCHAR(200) DEFAULT '' NOT NULL,
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
--
CREATE TABLE login_keys (
    digest VARCHAR(64) NOT NULL,
    expires DATETIME NOT NULL,
    PRIMARY KEY (digest)
)
--
CREATE TABLE sessions (
    digest VARCHAR(64) NOT NULL,
    created DATETIME NOT NULL,
    used DATETIME NOT NULL,
    agent VARCHAR(100) NOT NULL,
    PRIMARY KEY (digest)
)
--
CREATE INDEX sessions_used ON sessions (used)
--
CREATE TABLE trained_models (
    id VARCHAR(32) NOT NULL,
    size BIGINT NOT NULL,
    title VARCHAR(200) NOT NULL,
    description TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(id) REFERENCES jobs (id)
)
--
CREATE TABLE model_aliases (
    module VARCHAR(200) NOT NULL,
    alias VARCHAR(100) NOT NULL,
    model_id VARCHAR(32) NOT NULL,
    moved DATETIME NOT NULL,
    PRIMARY KEY (module, alias),
    FOREIGN KEY(model_id) REFERENCES jobs (id)
)
--
CREATE INDEX model_aliases_model ON model_aliases (model_id)
--
CREATE INDEX jobs_created ON jobs (created, id)
--
CREATE TABLE deployments (
    id VARCHAR(32) NOT NULL,
    module VARCHAR(200) NOT NULL,
    title TEXT NOT NULL,
    wish JSON NOT NULL,
    state VARCHAR(32) NOT NULL,
    message TEXT NOT NULL,
    site VARCHAR(100),
    "plan" JSON NOT NULL,
    replicas JSON NOT NULL,
    generation INTEGER NOT NULL,
    previous JSON,
    idle BOOLEAN NOT NULL,
    person VARCHAR(200) NOT NULL,
    "key" VARCHAR(200),
    created DATETIME NOT NULL,
    changed DATETIME NOT NULL,
    last_used DATETIME NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT deployments_key UNIQUE ("key")
)
--
CREATE INDEX deployments_state ON deployments (state, created)
--
CREATE INDEX deployments_module ON deployments (module, created)
--
CREATE TABLE deployment_history (
    id INTEGER NOT NULL,
    deployment_id VARCHAR(32) NOT NULL,
    time DATETIME NOT NULL,
    old VARCHAR(32),
    new VARCHAR(32) NOT NULL,
    message TEXT NOT NULL,
    person VARCHAR(200) NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(deployment_id) REFERENCES deployments (id)
)
--
CREATE INDEX deployment_history_deployment ON deployment_history (deployment_id, id)
--
CREATE TABLE catalog_sources (
    id VARCHAR(100) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    location VARCHAR(2000) NOT NULL,
    "commit" VARCHAR(64) NOT NULL,
    added DATETIME NOT NULL,
    tried DATETIME,
    refreshed DATETIME,
    error TEXT NOT NULL,
    faults JSON NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT catalog_sources_location UNIQUE (location)
)
--
CREATE TABLE card_versions (
    name VARCHAR(200) NOT NULL,
    version VARCHAR(100) NOT NULL,
    source VARCHAR(500) NOT NULL,
    "commit" VARCHAR(64) NOT NULL,
    seen DATETIME NOT NULL,
    imported DATETIME NOT NULL,
    content JSON NOT NULL,
    PRIMARY KEY (name, version)
)
--
CREATE TABLE card_vectors (
    digest VARCHAR(64) NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (digest)
)
--
CREATE TABLE catalog_proposals (
    id VARCHAR(32) NOT NULL,
    name VARCHAR(200) NOT NULL,
    state VARCHAR(16) NOT NULL,
    person VARCHAR(200) NOT NULL,
    created DATETIME NOT NULL,
    changed DATETIME NOT NULL,
    report JSON NOT NULL,
    PRIMARY KEY (id)
)
--
CREATE INDEX catalog_proposals_state ON catalog_proposals (state, changed)
--
CREATE INDEX catalog_proposals_name ON catalog_proposals (name)
--
CREATE TABLE catalog_proposal_history (
    id INTEGER NOT NULL,
    proposal_id VARCHAR(32) NOT NULL,
    time DATETIME NOT NULL,
    person VARCHAR(200) NOT NULL,
    state VARCHAR(16) NOT NULL,
    comment TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(proposal_id) REFERENCES catalog_proposals (id)
)
--
CREATE INDEX catalog_proposal_history_proposal ON catalog_proposal_history (proposal_id, id)
--
CREATE TABLE catalog_example_runs (
    id INTEGER NOT NULL,
    module VARCHAR(200) NOT NULL,
    name TEXT NOT NULL,
    time DATETIME NOT NULL,
    version VARCHAR(100) NOT NULL,
    seconds FLOAT NOT NULL,
    passed BOOLEAN NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (id)
)
--
CREATE INDEX catalog_example_runs_module ON catalog_example_runs (module, id)
--
CREATE TABLE acts (
    id VARCHAR(32) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    about TEXT NOT NULL,
    asked JSON NOT NULL,
    state VARCHAR(16) NOT NULL,
    cancelling BOOLEAN NOT NULL,
    result JSON,
    error JSON,
    tries INTEGER NOT NULL,
    owner VARCHAR(32) NOT NULL,
    person VARCHAR(200) NOT NULL,
    "key" VARCHAR(200),
    created DATETIME NOT NULL,
    changed DATETIME NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT acts_key UNIQUE (kind, "key")
)
--
CREATE INDEX acts_state ON acts (state, created)
