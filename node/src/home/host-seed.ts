/**
 * The key of the libp2p host: its PeerId, which peers remember beside its addresses. It is another one than the kernel's,
 * because it lies in the process that strangers connect to; lost, the node is found under another PeerId and is the same kernel.
 */
import { createSecretFile, KeyFileError, readSecretFile } from '@hansa/trust'
import type { HomePaths } from './home-paths.ts'

/** Made when it is asked for first. @throws KeyFileError when the key is there and cannot be used, or cannot be written. */
export async function hostSeed({ hostKey }: Pick<HomePaths, 'hostKey'>): Promise<Uint8Array> {
  try {
    return await readSecretFile(hostKey, 'host-ed25519')
  } catch (error) {
    if (!(error instanceof KeyFileError) || error.detail.code !== 'key_file_missing') throw error
    return createSecretFile(hostKey, 'host-ed25519')
  }
}
