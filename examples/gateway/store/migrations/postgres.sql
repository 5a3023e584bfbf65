-- One row for each message that was acknowledged positively.
CREATE TABLE hl7_message (
    id                  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Milliseconds since 1970-01-01 UTC.
    received_ms         BIGINT NOT NULL,
    -- MSH-9, MSH-10, MSH-3.1 and MSH-4.1, cut to 200 characters.
    message_type        VARCHAR(200) NOT NULL,
    control_id          VARCHAR(200) NOT NULL,
    sending_application VARCHAR(200) NOT NULL,
    sending_facility    VARCHAR(200) NOT NULL,
    -- Digests of sender and MSH-10, and of the content; none of an acknowledgment.
    id_key              BYTEA,
    content_key         BYTEA,
    message             BYTEA NOT NULL,
    -- What the sender was answered; none where it asked for nothing.
    acknowledgment      BYTEA
);
CREATE UNIQUE INDEX hl7_message_key ON hl7_message (id_key, content_key);
CREATE INDEX hl7_message_received ON hl7_message (received_ms);
