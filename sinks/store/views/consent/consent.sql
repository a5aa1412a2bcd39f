-- Grain:      one current person, purpose and channel about which somebody of them said something
-- Sources:    consent_at
-- Definition: who may what now; see view consent_at.
-- Example:    SELECT person_id FROM consent WHERE purpose = 'marketing' AND channel = 'email' AND allowed

CREATE OR REPLACE VIEW footpath.consent AS
SELECT *
FROM footpath.consent_at(time = toString(now64(6, 'UTC')))
