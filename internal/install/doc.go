// SPDX-License-Identifier: Apache-2.0

// Package install brings a control-plane revision up. One small port, Installer,
// has several ways behind it: the user's istioctl with the user's IstioOperator
// file (ByIstioctl), Helm with Istio's chart (ByHelm), or other hands, which are
// waited for (ByOthers). What is decided is decided from the rendered manifest, before anything is touched
// (Draft); who writes (Install) dies with the process that started it. A
// broken-off install is repeated whole.
//
// Facts about istioctl are from Istio 1.29.1 and 1.31.0, where the files named
// in comments are the same.
package install
