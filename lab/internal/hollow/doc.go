// SPDX-License-Identifier: Apache-2.0

// Package hollow is the small size of the lab: real etcd, API server,
// controllers, scheduler and istiods as plain processes of an ordinary user, kwok
// in the kubelet's place, and stand-ins for what is left, which run in the lab's
// supervisor: egress leads pods' addresses to local processes, agent makes
// processes of istiod's pods, crowd gives every injected pod a proxy that speaks
// real xDS. Labels, webhooks, injection, installs, connections and
// acknowledgements are real; traffic and the death of processes in pods are not.
package hollow
