"""Create the gateway's tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None


def upgrade() -> None:
    op.create_table('api_keys',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False, comment='SHA-256 of the key; the key is shown once'),
    sa.Column('scopes', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('requests_per_minute', sa.Integer(), nullable=True, comment='own limit; the general one when empty'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('hash'),
    schema='gateway'
    )
    op.create_table('idempotency_keys',
    sa.Column('key_id', sa.Text(), nullable=False),
    sa.Column('idempotency_key', sa.Text(), nullable=False),
    sa.Column('fingerprint', sa.Text(), nullable=False, comment='of method, path and body'),
    sa.Column('status', sa.Integer(), nullable=True, comment='of the first answer; empty while it is in flight'),
    sa.Column('response', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('location', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('key_id', 'idempotency_key'),
    schema='gateway'
    )
    op.create_index(op.f('ix_gateway_idempotency_keys_created_at'), 'idempotency_keys', ['created_at'], unique=False, schema='gateway')
    op.create_table('jobs',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('key_id', sa.Text(), nullable=False),
    sa.Column('session_id', sa.Text(), nullable=True),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('queue', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('payload', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('trace', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('run', sa.Integer(), nullable=False, comment='(run, n) of the last event recorded'),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('progress', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('result', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('result_blob', sa.Text(), nullable=True),
    sa.Column('brief', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='the small fields of the result, for lists and for the dialog'),
    sa.Column('artifacts', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False),
    sa.Column('error', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True, comment='confirmed by RabbitMQ; a queued job without it is sent again'),
    sa.Column('cancel_requested_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False, comment='ended as expired if it is not finished by then'),
    sa.PrimaryKeyConstraint('id'),
    schema='gateway'
    )
    op.create_index('jobs_of_key', 'jobs', ['key_id', 'id'], unique=False, schema='gateway')
    op.create_index('jobs_of_session', 'jobs', ['session_id', 'id'], unique=False, schema='gateway', postgresql_where=sa.text('session_id IS NOT NULL'))
    op.create_index('jobs_open', 'jobs', ['expires_at'], unique=False, schema='gateway', postgresql_where=sa.text('completed_at IS NULL'))
    op.create_index('jobs_unsent', 'jobs', ['created_at'], unique=False, schema='gateway', postgresql_where=sa.text("sent_at IS NULL AND status = 'queued'"))
    op.create_table('schedule_slots',
    sa.Column('schedule', sa.Text(), nullable=False),
    sa.Column('slot', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('schedule', 'slot'),
    schema='gateway'
    )
    op.create_table('sessions',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('key_id', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True, comment='expired or deleted; the row stays a while, to answer 410 instead of 404'),
    sa.PrimaryKeyConstraint('id'),
    schema='gateway'
    )
    op.create_index(op.f('ix_gateway_sessions_expires_at'), 'sessions', ['expires_at'], unique=False, schema='gateway')
    op.create_table('tickets',
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.Column('key_id', sa.Text(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('hash'),
    schema='gateway'
    )
    op.create_table('files',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('key_id', sa.Text(), nullable=False),
    sa.Column('session_id', sa.Text(), nullable=True),
    sa.Column('blob', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False, comment='what the client called it; for people, never a path'),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False, comment='that of its session, or its own'),
    sa.ForeignKeyConstraint(['session_id'], ['gateway.sessions.id'], ),
    sa.PrimaryKeyConstraint('id'),
    schema='gateway'
    )
    op.create_index(op.f('ix_gateway_files_expires_at'), 'files', ['expires_at'], unique=False, schema='gateway')
    op.create_index(op.f('ix_gateway_files_session_id'), 'files', ['session_id'], unique=False, schema='gateway')
    op.create_table('job_events',
    sa.Column('job_id', sa.Text(), nullable=False),
    sa.Column('run', sa.Integer(), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['job_id'], ['gateway.jobs.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('job_id', 'run', 'n'),
    schema='gateway'
    )


def downgrade() -> None:
    op.drop_table('job_events', schema='gateway')
    op.drop_index(op.f('ix_gateway_files_session_id'), table_name='files', schema='gateway')
    op.drop_index(op.f('ix_gateway_files_expires_at'), table_name='files', schema='gateway')
    op.drop_table('files', schema='gateway')
    op.drop_table('tickets', schema='gateway')
    op.drop_index(op.f('ix_gateway_sessions_expires_at'), table_name='sessions', schema='gateway')
    op.drop_table('sessions', schema='gateway')
    op.drop_table('schedule_slots', schema='gateway')
    op.drop_index('jobs_unsent', table_name='jobs', schema='gateway', postgresql_where=sa.text("sent_at IS NULL AND status = 'queued'"))
    op.drop_index('jobs_open', table_name='jobs', schema='gateway', postgresql_where=sa.text('completed_at IS NULL'))
    op.drop_index('jobs_of_session', table_name='jobs', schema='gateway', postgresql_where=sa.text('session_id IS NOT NULL'))
    op.drop_index('jobs_of_key', table_name='jobs', schema='gateway')
    op.drop_table('jobs', schema='gateway')
    op.drop_index(op.f('ix_gateway_idempotency_keys_created_at'), table_name='idempotency_keys', schema='gateway')
    op.drop_table('idempotency_keys', schema='gateway')
    op.drop_table('api_keys', schema='gateway')
