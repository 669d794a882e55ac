/**
 * What two replicas of manifests say to each other: where they differ, and the records that one of them lacks. Nothing here
 * is signed: a record proves itself, and a lie about a digest costs only the questions that follow from it.
 *
 * A record stands at the SHA-256 of its DID, written in hexadecimal. A place is named by the first digits. At most 16
 * records are a leaf, and 16 digits the longest name of a place; what is more has a child for each next digit.
 *
 *   record  SHA-256("hansa/replica-record/v1\n" ‖ did ‖ "\n" ‖ kind ‖ "\n" ‖ seq ‖ "\n" ‖ hash)
 *   leaf    SHA-256("hansa/replica-leaf/v1\n" ‖ digests of its records, in the order of their places)
 *   place   SHA-256("hansa/replica-node/v1\n" ‖ digests of its 16 children, 32 zero bytes for one without records)
 */
import { z } from 'zod'
import { MAX_MANIFEST_BYTES } from '../manifest/capability-manifest.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'

/** Places of one question, records that are asked for by name, and records of one push. */
export const MAX_REPLICA_PLACES = 256
export const MAX_REPLICA_WANTED = 512
export const MAX_REPLICA_PUSHED = 64

/** Longest question about places or records, answer about places, and message that carries records; bytes. */
export const MAX_REPLICA_QUESTION_BYTES = 65_536
export const MAX_REPLICA_PLACES_BYTES = 1_048_576
export const MAX_REPLICA_RECORDS_BYTES = 1_310_720
/** Bytes of records after which an answer or a push holds no further one. */
export const REPLICA_RECORDS_BYTES = 1_048_576

/** Longest that an answer is held back, seconds. */
export const MAX_REPLICA_WAIT_SECONDS = 25

const prefixSchema = z
  .string()
  .max(16)
  .regex(/^[0-9a-f]*$/, 'not hexadecimal digits')
const placeSchema = z.string().regex(/^[0-9a-f]{64}$/, 'not a place')

/** Empty when there is nothing at the place. */
const digestSchema = z.union([hashSchema, z.literal('')])

export const replicaItemSchema = z.strictObject({
  did: didSchema,
  kind: z.enum(['manifest', 'withdrawal']),
  seq: z.int().min(1),
  hash: hashSchema.describe('SHA-256 of "hansa/<kind>/v1\\n" and the payload bytes'),
})
export type ReplicaItem = z.infer<typeof replicaItemSchema>

export const replicaPlacesQuestionSchema = z.strictObject({
  v: z.literal(1),
  places: z.array(prefixSchema).min(1).max(MAX_REPLICA_PLACES),
  known: digestSchema
    .optional()
    .describe('Of everything that the asker holds: the answer may wait until that of the answerer is another one'),
  wait: z.int().min(1).max(MAX_REPLICA_WAIT_SECONDS).optional().describe('Seconds, at the longest'),
})
export type ReplicaPlacesQuestion = z.infer<typeof replicaPlacesQuestionSchema>

export const replicaPlaceSchema = z.union([
  z.strictObject({
    count: z.int().min(0),
    digest: digestSchema,
    children: z.array(digestSchema).length(16),
  }),
  z.strictObject({
    count: z.int().min(0),
    digest: digestSchema,
    items: z.array(replicaItemSchema).max(1_000).describe('In the order of their places'),
  }),
])
export type ReplicaPlace = z.infer<typeof replicaPlaceSchema>

export const replicaPlacesSchema = z.strictObject({
  v: z.literal(1),
  places: z.array(replicaPlaceSchema).max(MAX_REPLICA_PLACES).describe('In the order in which they were asked for'),
})
export type ReplicaPlaces = z.infer<typeof replicaPlacesSchema>

export const replicaRecordsQuestionSchema = z.union([
  z.strictObject({ v: z.literal(1), want: z.array(didSchema).min(1).max(MAX_REPLICA_WANTED) }),
  z.strictObject({
    v: z.literal(1),
    under: prefixSchema.describe('All records of this place'),
    after: placeSchema.optional().describe('Only those behind this one'),
  }),
])
export type ReplicaRecordsQuestion = z.infer<typeof replicaRecordsQuestionSchema>

const recordSchema = z.string().max(MAX_MANIFEST_BYTES).describe('Compact JWS of a manifest or a withdrawal')

export const replicaRecordsSchema = z.strictObject({
  v: z.literal(1),
  records: z.array(recordSchema).max(65_536),
  next: placeSchema.optional().describe('Where to go on: the last place of this answer; absent at the end'),
})
export type ReplicaRecords = z.infer<typeof replicaRecordsSchema>

export const replicaPushSchema = z.strictObject({
  v: z.literal(1),
  records: z.array(recordSchema).min(1).max(MAX_REPLICA_PUSHED),
})
export type ReplicaPush = z.infer<typeof replicaPushSchema>

export const replicaPushedSchema = z.strictObject({
  v: z.literal(1),
  taken: z.int().min(0).describe('Records that were new here'),
})
