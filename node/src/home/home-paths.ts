/** Where each part of a home lies. Pure, and light to load: every command needs it. */
import { join } from 'node:path'

export type HomePaths = {
  root: string
  identity: string
  logKey: string
  secret: string
  format: string
  config: string
  policy: string
  state: string
  log: string
  controlSocket: string
  controlToken: string
}

export function homePaths(root: string): HomePaths {
  return {
    root,
    identity: join(root, 'identity.key'),
    logKey: join(root, 'log.key'),
    secret: join(root, 'token.secret'),
    format: join(root, 'format'),
    config: join(root, 'hansa.yaml'),
    policy: join(root, 'policy.yaml'),
    state: join(root, 'state.db'),
    log: join(root, 'log'),
    controlSocket: join(root, 'control.sock'),
    controlToken: join(root, 'control.token'),
  }
}
