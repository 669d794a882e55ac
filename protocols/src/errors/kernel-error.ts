/**
 * Base of every error that this system throws: `detail` is a union discriminated by `code`, and each code carries the
 * facts that belong to it. Compare `detail.code`, never the class, across packages.
 */
export class KernelError<D extends { code: string }> extends Error {
  override readonly name: string = 'KernelError'
  readonly detail: D

  /** @param detail facts for programs; @param message one sentence for people, with what to do next when there is something. */
  constructor(detail: D, message?: string, options?: ErrorOptions) {
    super(message ?? detail.code, options)
    this.detail = detail
  }
}
