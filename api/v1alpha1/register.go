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

// Annotations of the tool on other people's objects.
const (
	AnnotationRun         = "rerig.dev/run"          // on a pod template: the run that restarted it
	AnnotationRestartedAt = "rerig.dev/restarted-at" // on a pod template: when, RFC 3339
	AnnotationDrains      = "rerig.dev/drains"       // on a workload: "true" declares that it drains without a preStop hook
)

// What a trial pod bears. Its run is the MeshUpgrade that owns it.
const (
	LabelTrial              = "rerig.dev/trial"          // "true": counted with no workload
	AnnotationTrialOf       = "rerig.dev/trial-of"       // the workload: "Deployment web"
	AnnotationTrialTemplate = "rerig.dev/trial-template" // digest of the template that it was made from
	AnnotationTrialRevision = "rerig.dev/trial-revision" // whose webhook injected it
	AnnotationTrialMode     = "rerig.dev/trial-mode"     // in-service, or out-of-service
	AnnotationTrialInject   = "rerig.dev/trial-inject"   // the template's own label sidecar.istio.io/inject, where it has one
	GateTrial               = "rerig.dev/trial"          // the scheduling gate that it is made with
	ConditionServes         = "rerig.dev/serves"         // its readiness gate: True lets Services lead to it
)

// FieldManager is the name under which everything is written.
const FieldManager = "rerig"
