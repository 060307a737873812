// SPDX-License-Identifier: Apache-2.0

// Package install puts a control-plane revision in with somebody else's hands:
// the user's istioctl and the user's IstioOperator file. What is decided is
// decided from the rendered manifest, before anything is touched (Draft);
// istioctl does the writing (Install), and dies with the process that started
// it. A broken-off install is repeated whole.
//
// Facts about istioctl are from Istio 1.29.1 and 1.31.0, where the files named
// in comments are the same.
package install
