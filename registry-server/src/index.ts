/** The directory: stores manifests that kernels signed, and proves nothing by itself. */

export { type Registry, type RegistryComponents, startRegistry } from './compose.ts'
export { defaultConfig, type RegistryConfig } from './config/config.ts'
export { RegistryError, type RegistryErrorDetail } from './errors.ts'
export type { Equivocation, RecordStore } from './records/record-store.ts'
