"""Put vectors into a table of their own, in segments"""

import sqlalchemy as sa
from alembic import op

from analyzer.models import HalfVector

revision = '0003'
down_revision = '0002'

# With the rights of the tables' owner: a worker's role may write rows, and make no tables. The lock is the one that
# attaching a table takes anyway: it stops neither those who read nor those who write, but those who make room too.
MAKE_ROOM = """
CREATE FUNCTION analyzer.make_room(ids bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    size CONSTANT bigint := 50000;
    segment bigint;
    name text;
BEGIN
    FOR segment IN SELECT DISTINCT id / size FROM unnest(ids) AS id ORDER BY 1 LOOP
        name := 'vectors_' || segment;
        CONTINUE WHEN to_regclass('analyzer.' || name) IS NOT NULL;
        LOCK TABLE ONLY analyzer.vectors IN SHARE UPDATE EXCLUSIVE MODE;
        CONTINUE WHEN to_regclass('analyzer.' || name) IS NOT NULL;
        EXECUTE format('CREATE TABLE analyzer.%I (LIKE analyzer.vectors INCLUDING COMMENTS)', name);
        EXECUTE format(
            'ALTER TABLE analyzer.vectors ATTACH PARTITION analyzer.%I FOR VALUES FROM (%s) TO (%s)',
            name, segment * size, (segment + 1) * size
        );
    END LOOP;
END
$$
"""


def upgrade() -> None:
    op.execute('CREATE SEQUENCE analyzer.text_ids')
    op.add_column('texts', sa.Column('id', sa.BigInteger(), nullable=True, comment='that of its vector'), schema='analyzer')
    op.execute("UPDATE analyzer.texts SET id = nextval('analyzer.text_ids')")
    op.alter_column('texts', 'id', nullable=False, schema='analyzer')
    op.create_table('vectors',
    sa.Column('id', sa.BigInteger(), nullable=False, comment='that of its text'),
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('track_id', sa.Text(), nullable=False),
    sa.Column('model', sa.Text(), nullable=False, comment='whose vectors can be compared'),
    sa.Column('language', sa.Text(), nullable=True, comment='also among the features, as are the topics'),
    sa.Column('topics', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('embedding', HalfVector(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    schema='analyzer',
    postgresql_partition_by='RANGE (id)'
    )
    op.create_index('vectors_by_language', 'vectors', ['owner', 'language'], unique=False, schema='analyzer')
    op.create_index('vectors_by_topic', 'vectors', ['topics'], unique=False, schema='analyzer', postgresql_using='gin')
    op.execute(MAKE_ROOM)
    op.execute('SELECT analyzer.make_room(array_agg(id)) FROM analyzer.texts')
    op.execute(
        'INSERT INTO analyzer.vectors SELECT id, owner, track_id, model, language, topics, embedding'
        ' FROM analyzer.texts WHERE embedding IS NOT NULL'
    )
    # Their indexes go with them.
    for column in ('language', 'topics', 'embedding'):
        op.drop_column('texts', column, schema='analyzer')


def downgrade() -> None:
    op.add_column('texts', sa.Column('language', sa.Text(), nullable=True, comment='also among the features, as are the topics'), schema='analyzer')
    op.add_column('texts', sa.Column('topics', sa.ARRAY(sa.Text()), server_default='{}', nullable=False), schema='analyzer')
    op.add_column('texts', sa.Column('embedding', HalfVector(), nullable=True, comment='empty for a text with nothing in it'), schema='analyzer')
    op.execute(
        "UPDATE analyzer.texts SET language = features ->> 'language', embedding = (SELECT embedding FROM analyzer.vectors"
        " WHERE vectors.id = texts.id), topics = ARRAY(SELECT jsonb_array_elements_text(features -> 'topics'))"
    )
    op.alter_column('texts', 'topics', server_default=None, schema='analyzer')
    op.create_index('texts_by_language', 'texts', ['owner', 'language'], unique=False, schema='analyzer')
    op.create_index('texts_by_topic', 'texts', ['topics'], unique=False, schema='analyzer', postgresql_using='gin')
    op.drop_table('vectors', schema='analyzer')
    op.execute('DROP FUNCTION analyzer.make_room')
    op.drop_column('texts', 'id', schema='analyzer')
    op.execute('DROP SEQUENCE analyzer.text_ids')
