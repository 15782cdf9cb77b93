-- Who may do what in Warren's database. Run by a superuser in the new, empty database, after the roles are there.
-- `warren` owns the schemas and runs the migrations; a service reads and writes rows of its own schema, and nothing else.
SELECT format('ALTER DATABASE %I OWNER TO warren', current_database()) \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO gateway, analyzer, digest', current_database()) \gexec
CREATE EXTENSION IF NOT EXISTS vector;

CREATE SCHEMA gateway AUTHORIZATION warren;
CREATE SCHEMA analyzer AUTHORIZATION warren;
CREATE SCHEMA digest AUTHORIZATION warren;
CREATE SCHEMA llm AUTHORIZATION warren;
GRANT USAGE ON SCHEMA gateway TO gateway;
GRANT USAGE ON SCHEMA analyzer TO analyzer;
GRANT USAGE ON SCHEMA digest TO digest;
-- The model's limits and answers, which all that ask the model share.
GRANT USAGE ON SCHEMA llm TO analyzer, digest;

ALTER DEFAULT PRIVILEGES FOR ROLE warren IN SCHEMA gateway GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO gateway;
ALTER DEFAULT PRIVILEGES FOR ROLE warren IN SCHEMA gateway GRANT USAGE ON SEQUENCES TO gateway;
ALTER DEFAULT PRIVILEGES FOR ROLE warren IN SCHEMA analyzer GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO analyzer;
ALTER DEFAULT PRIVILEGES FOR ROLE warren IN SCHEMA analyzer GRANT USAGE ON SEQUENCES TO analyzer;
ALTER DEFAULT PRIVILEGES FOR ROLE warren IN SCHEMA digest GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO digest;
ALTER DEFAULT PRIVILEGES FOR ROLE warren IN SCHEMA digest GRANT USAGE ON SEQUENCES TO digest;
ALTER DEFAULT PRIVILEGES FOR ROLE warren IN SCHEMA llm GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO analyzer, digest;
ALTER DEFAULT PRIVILEGES FOR ROLE warren IN SCHEMA llm GRANT USAGE ON SEQUENCES TO analyzer, digest;
