import { z } from 'zod'

/** 128 random bits in base64url, 22 characters: names one call on both sides. */
export const callIdSchema = z.string().regex(/^[A-Za-z0-9_-]{22}$/, 'not 22 characters of base64url')
export type CallId = string

/** Names one refusal in the log of the kernel that refused. */
export const denialIdSchema = callIdSchema
export type DenialId = string

/** Names one request for approval in the log of the kernel that asks for it. */
export const approvalIdSchema = callIdSchema
export type ApprovalId = string

export const sessionIdSchema = callIdSchema
export type SessionId = string

/** Names one change of state in the outbox of a kernel and in its log. */
export const eventIdSchema = callIdSchema
export type EventId = string
