/** Where each part of a home lies. Pure, and light to load: every command needs it. */
import { join } from 'node:path'

export type HomePaths = {
  root: string
  /** Directory of the secrets. */
  keys: string
  identity: string
  /** Announced in the log of the identity, and not yet in use; only while a rotation is under way. */
  nextIdentity: string
  /** Signs the next entry of the log of the identity; only where there is one. May be kept elsewhere between rotations. */
  updateKey: string
  /** Signs the entry after that; only while an entry is written. */
  nextUpdateKey: string
  /** Log of the identity, as it is published; only for did:webvh. */
  didLog: string
  /** What is under way with the key of the identity. */
  rotation: string
  logKey: string
  secret: string
  /** Of the witness; in no backup. */
  witnessKey: string
  /** Of the libp2p host; made when the node has one. */
  hostKey: string
  /** What `hansa tls create` makes; the configuration may name others. */
  tlsCertificate: string
  tlsKey: string
  /** What `hansa webhook create` makes; the configuration may name another. */
  webhookSecret: string
  /** Wraps the keys of kept content; made when content is to be kept. */
  contentKey: string
  /** Directory of kept content, encrypted. */
  blobs: string
  format: string
  config: string
  policy: string
  /** Directory of further policy files. */
  policies: string
  state: string
  log: string
  /** Logs that were frozen before the one in `log`, each in a directory named by its number. */
  frozenLogs: string
  /** Directory of proofs about other kernels. */
  evidence: string
  /** Directory of the backups that are made before a migration. */
  backups: string
  controlSocket: string
  controlToken: string
}

export function homePaths(root: string): HomePaths {
  const keys = join(root, 'keys')
  return {
    root,
    keys,
    identity: join(keys, 'identity.key'),
    nextIdentity: join(keys, 'identity.next.key'),
    updateKey: join(keys, 'update.key'),
    nextUpdateKey: join(keys, 'update.next.key'),
    didLog: join(root, 'identity', 'did.jsonl'),
    rotation: join(root, 'identity', 'rotation.json'),
    logKey: join(keys, 'log.key'),
    secret: join(keys, 'token.secret'),
    witnessKey: join(keys, 'witness.key'),
    hostKey: join(keys, 'host.key'),
    tlsCertificate: join(root, 'tls.crt'),
    tlsKey: join(keys, 'tls.key'),
    webhookSecret: join(keys, 'webhook.secret'),
    contentKey: join(keys, 'content.key'),
    blobs: join(root, 'blobs'),
    format: join(root, 'format'),
    config: join(root, 'hansa.yaml'),
    policy: join(root, 'policy.yaml'),
    policies: join(root, 'policy.d'),
    state: join(root, 'state.db'),
    log: join(root, 'log'),
    frozenLogs: join(root, 'log', 'frozen'),
    evidence: join(root, 'evidence'),
    backups: join(root, 'backups'),
    controlSocket: join(root, 'control.sock'),
    controlToken: join(root, 'control.token'),
  }
}

/** Where format 1 had the secrets: beside everything else. */
export function formatOnePaths(root: string): Pick<HomePaths, 'identity' | 'logKey' | 'secret'> {
  return {
    identity: join(root, 'identity.key'),
    logKey: join(root, 'log.key'),
    secret: join(root, 'token.secret'),
  }
}
