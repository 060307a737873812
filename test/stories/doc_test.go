// SPDX-License-Identifier: Apache-2.0

// Package stories drives the built rerig from outside, on a lab: a real API
// server, real istiods, a real istioctl. It knows the lab by its command line
// and its kubeconfig alone, and rerig by its command line, what it says and what
// has become of the cluster; none of rerig's own code is asked.
//
// The environment says what to run on: RERIG_LAB_SIZE=hollow or real (make test sets
// it; without it no story is told), RERIG_BIN, a folder with the programs, or
// RERIG_TEST_RERIG and RERIG_TEST_LAB, one program each; without these they are
// built. RERIG_LONG=1 has some stories repeat more. RERIG_TEST_SHARD=N has labs of
// its own, so that two runs can be told side by side. RERIG_TEST_KEEP=NAME
// leaves the labs running under names that begin so, and uses those that run.
package stories
