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
