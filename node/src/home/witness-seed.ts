/**
 * The key under which a node cosigns the logs of others. It is in no backup: a witness that came back with what it knew
 * some days ago could vouch for a history that contradicts what it has vouched for since. A restored node, and one of a
 * version without witnesses, makes a new key when it starts, and has vouched for nothing.
 */
import { createSecretFile, KeyFileError, readSecretFile } from '@hansa/trust'
import type { HomePaths } from './home-paths.ts'

/** @throws KeyFileError when the key is there and cannot be used, or cannot be written. */
export async function witnessSeed({ witnessKey }: Pick<HomePaths, 'witnessKey'>): Promise<Uint8Array> {
  try {
    return await readSecretFile(witnessKey, 'witness-ed25519')
  } catch (error) {
    if (!(error instanceof KeyFileError) || error.detail.code !== 'key_file_missing') throw error
    return createSecretFile(witnessKey, 'witness-ed25519')
  }
}

/** Name of a kernel as a witness, in its cosignatures and in its vkey. */
export function witnessName(did: string): string {
  return `${did}/witness`
}
