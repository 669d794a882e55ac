/** Where one kernel reaches another. */
export const exchangePaths = {
  manifest: '/.well-known/hansa/manifest',
  /** The name in the federation issue. */
  manifestAlias: '/kernel/manifest',
  hello: '/hansa/v1/handshake/hello',
  proof: '/hansa/v1/handshake/proof',
  call: '/hansa/v1/call',
  decide: '/hansa/v1/decide',
  acks: '/hansa/v1/acks',
  /** An acknowledgement, for the result that waits for it. */
  reveal: '/hansa/v1/reveal',
  /** Proofs of entries that receipts promise. */
  inclusion: '/hansa/v1/inclusion',
  /** What the peer that asks may be trusted with, and why. */
  standing: '/hansa/v1/standing',
  /** Whom this kernel endorses, of those that the peer asks about. */
  endorsements: '/hansa/v1/endorsements',
  /** For holders of a token that this kernel minted; never for other kernels. */
  invoke: '/hansa/v1/invoke',
  /** Notices of sanctions, from kernels with a session. */
  notices: '/hansa/v1/notices',
  /** Proposals of agreements and acceptances, from kernels with a session. */
  agreements: '/hansa/v1/agreements',
  /** What this kernel knows of logs, its own and those of others. */
  heads: '/hansa/v1/heads',
  /** What each side has revoked, each way. */
  revocations: '/hansa/v1/revocations',
  /** Where two replicas of manifests differ. */
  replicaPlaces: '/hansa/v1/replica/places',
  /** Records that the asker lacks. */
  replicaRecords: '/hansa/v1/replica/records',
  /** Records that the receiver may lack. */
  replicaPush: '/hansa/v1/replica/push',
  /** C2SP tlog-witness, which names the last part itself; for whoever runs a log that this kernel knows. */
  addCheckpoint: '/hansa/witness/add-checkpoint',
} as const

/** What this kernel cosigned last of a log: `/hansa/witness/<SHA-256 of its origin, hexadecimal>/checkpoint` (C2SP tlog-witness). */
export const witnessedCheckpointPath = /^\/hansa\/witness\/([0-9a-f]{64})\/checkpoint$/

/** Where did:web and did:webvh publish a document or a log: `/.well-known/did.jsonl`, or under the path of the identifier. */
export const identityPath = /^\/(?:[A-Za-z0-9._-]{1,128}\/){1,16}did\.jsonl?$/

/** What a kernel shows of its log `<n>`: `/hansa/log/<n>/checkpoint` and `/hansa/log/<n>/tile/…` (C2SP tlog-tiles). */
export const logPath = /^\/hansa\/log\/([1-9][0-9]{0,8})\/(.{1,64})$/
