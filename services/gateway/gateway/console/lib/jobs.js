/** What became of a job. */

import { ApiError, call } from "./api.js";
import { isTerminal } from "./events.js";

// The event of an ending may overtake its record by a moment; then the job is asked for again.
const RECORD_TRIES = 10;
const RECORD_PAUSE = 300;

/** The job, once it is recorded as ended; call it after its terminal event. Raises `ApiError`. */
export async function endedJob(jobId) {
  for (let tries = 1; ; tries += 1) {
    try {
      const job = await call("GET", `v1/jobs/${encodeURIComponent(jobId)}`);
      if (isTerminal(job.status)) return job;
      if (tries === RECORD_TRIES) throw new ApiError({ status: 503, code: "job.unrecorded" });
    } catch (error) {
      const passing = error instanceof ApiError && (error.status === 0 || error.status === 503 || error.status === 429);
      if (!passing || tries === RECORD_TRIES) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RECORD_PAUSE * tries));
  }
}
