// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"strings"
	"testing"
)

func TestWhySecondPodCannotRun(t *testing.T) {
	with := func(v corev1.VolumeSource, port int32) corev1.PodTemplateSpec {
		s := template(nil)
		s.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: v}}
		s.Spec.Containers[0].Ports = []corev1.ContainerPort{{HostPort: port}}
		return s
	}
	claim := func(only bool) corev1.VolumeSource {
		return corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data", ReadOnly: only}}
	}
	files := corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/var/log"}}
	deployed := func(s corev1.PodTemplateSpec, strategy appsv1.DeploymentStrategyType) string {
		return deployment(
			&appsv1.Deployment{Spec: appsv1.DeploymentSpec{Template: s, Strategy: appsv1.DeploymentStrategy{Type: strategy}}},
		).NoSecondPod
	}
	own := appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{VolumeClaimTemplates: []corev1.PersistentVolumeClaim{{}}}}
	own.Spec.VolumeClaimTemplates[0].Name = "data"
	for _, tc := range []struct {
		name      string
		got, says string
	}{
		{"a claim", deployed(with(claim(false), 0), ""), "volume claim data"},
		{"a claim to read", deployed(with(claim(true), 0), ""), ""},
		{"a port of the node", deployed(with(corev1.VolumeSource{}, 9100), ""), "port 9100"},
		{"Recreate", deployed(template(nil), appsv1.RecreateDeploymentStrategyType), "Recreate"},
		{"claims of their own", statefulSet(&own).NoSecondPod, "own volume claim (data)"},
		{"the node's own files", daemonSet(&appsv1.DaemonSet{Spec: appsv1.DaemonSetSpec{Template: with(files, 0)}}).NoSecondPod, "/var/log"},
		{"nothing of the kind", deployed(with(files, 0), ""), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.got == "" != (tc.says == "") || !strings.Contains(tc.got, tc.says) {
				t.Errorf("%q", tc.got)
			}
		})
	}
}
