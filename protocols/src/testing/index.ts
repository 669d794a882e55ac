/** What implementations of the contracts test themselves against. */
export { describeKernel, type KernelFixture } from './describe-kernel.ts'
export { type ManualClock, manualClock } from './manual-clock.ts'
