// SPDX-License-Identifier: Apache-2.0

// Package stories runs the built rerig on a lab: a real API server, real istiods, a
// real istioctl. It uses the lab's command line and kubeconfig, rerig's command
// line, its output, and the state of the cluster; it calls none of rerig's code.
//
// Environment:
//
//	RERIG_LAB_SIZE    hollow or real; without it stories skip themselves
//	RERIG_BIN         the folder of the programs rerig and lab
//	RERIG_TEST_RERIG  the path of one program; so does RERIG_TEST_LAB. Without any
//	                  of these the programs are built.
//	RERIG_TEST_LABS   the prefix of the names of shared labs that are used where
//	                  they run, and left running
//	RERIG_TEST_ALL    set by make test-all: stories repeat themselves
package stories
