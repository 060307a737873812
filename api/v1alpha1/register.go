// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "k8s.io/apimachinery/pkg/runtime/schema"

// Names of the resource in the API.
const (
	Group    = "rerig.dev"
	Version  = "v1alpha1"
	Kind     = "MeshUpgrade"
	Resource = "meshupgrades"
)

// GroupVersion is the group and version of this package's objects.
var GroupVersion = schema.GroupVersion{Group: Group, Version: Version}

// Annotations on workloads and their pod templates.
const (
	AnnotationRun         = "rerig.dev/run"          // on a pod template: the run that restarted the workload
	AnnotationRestartedAt = "rerig.dev/restarted-at" // on a pod template: when it was restarted, RFC 3339
	AnnotationDrains      = "rerig.dev/drains"       // on a workload: "true" declares that it drains without a preStop hook
)

// Labels, annotations, the scheduling gate and the readiness gate of trial pods.
// The MeshUpgrade that owns such a pod is its run.
const (
	LabelTrial              = "rerig.dev/trial"          // "true": it counts for no workload
	AnnotationTrialOf       = "rerig.dev/trial-of"       // the workload: "Deployment web"
	AnnotationTrialTemplate = "rerig.dev/trial-template" // digest of the template that it was created from
	AnnotationTrialRevision = "rerig.dev/trial-revision" // the revision whose webhook injected it
	AnnotationTrialMode     = "rerig.dev/trial-mode"     // in-service, or out-of-service
	AnnotationTrialInject   = "rerig.dev/trial-inject"   // the template's own label sidecar.istio.io/inject, where it has one
	GateTrial               = "rerig.dev/trial"          // scheduling gate
	ConditionServes         = "rerig.dev/serves"         // readiness gate: True lets Services send it requests
)

// FieldManager is the field manager of all writes.
const FieldManager = "rerig"
