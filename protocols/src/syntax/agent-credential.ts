/**
 * The credential of an agent: what a program shows on the control interface to act as one principal and nothing more.
 * A prefix that scanners of source code can look for, 256 random bits, and a CRC-32 of both, so that a cut or mistyped
 * one is told from a wrong one before anything is asked.
 */
import { z } from 'zod'

export const AGENT_CREDENTIAL_PREFIX = 'hansa_agent_'

/** `hansa_agent_`, 43 characters of base64url, and 6 of the checksum. Whether that one is right is checked in trust. */
export const AGENT_CREDENTIAL_PATTERN = /^hansa_agent_[A-Za-z0-9_-]{49}$/

/** Names an agent on its node: what `agent:NAME` takes. */
export const agentNameSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,63}$/,
    'not 1 to 64 of a-z, 0-9, dot, underscore, hyphen, beginning with a letter or digit',
  )
