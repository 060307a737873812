// SPDX-License-Identifier: Apache-2.0

package podview

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// fakeSources contains what a pod refers to. Its tokens name their service account and audience.
type fakeSources struct {
	maps    map[string]map[string]string
	secrets map[string]map[string]string
}

func (s fakeSources) ConfigMap(_ context.Context, namespace, name string) (*corev1.ConfigMap, error) {
	if data, ok := s.maps[namespace+"/"+name]; ok {
		return &corev1.ConfigMap{Data: data}, nil
	}
	return nil, nil
}

func (s fakeSources) Secret(_ context.Context, namespace, name string) (*corev1.Secret, error) {
	data, ok := s.secrets[namespace+"/"+name]
	if !ok {
		return nil, nil
	}
	out := &corev1.Secret{Data: map[string][]byte{}}
	for k, v := range data {
		out.Data[k] = []byte(v)
	}
	return out, nil
}

func (s fakeSources) Token(_ context.Context, pod *corev1.Pod, audience string, _ int64) (string, error) {
	return "token of " + pod.Spec.ServiceAccountName + " for " + audience, nil
}

func pod() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-1", UID: "u", Labels: map[string]string{"app": "web"}},
		Spec:       corev1.PodSpec{ServiceAccountName: "web", NodeName: "node-1"},
		Status:     corev1.PodStatus{PodIP: "10.244.0.7", HostIP: "172.30.254.1"},
	}
}

func ref(name string) corev1.LocalObjectReference { return corev1.LocalObjectReference{Name: name} }

func fieldRef(path string) *corev1.EnvVarSource {
	return &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}
}

func resourceLimit(name, divisor string) *corev1.EnvVarSource {
	return &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: name, Divisor: resource.MustParse(divisor)}}
}

func TestEnvironment(t *testing.T) {
	yes := true
	c := &corev1.Container{
		Name: "c", Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}},
		EnvFrom: []corev1.EnvFromSource{{Prefix: "M_", ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: ref("m")}}},
		Env: []corev1.EnvVar{
			{Name: "A", Value: "first"}, {Name: "A", Value: "1"}, {Name: "B", Value: "$(A)+$(B)+$$(A)+$(GONE)"},
			{Name: "NAME", ValueFrom: fieldRef("metadata.name")}, {Name: "LABEL", ValueFrom: fieldRef("metadata.labels['app']")},
			{Name: "IP", ValueFrom: fieldRef("status.podIP")}, {Name: "SA", ValueFrom: fieldRef("spec.serviceAccountName")},
			{Name: "MEMORY", ValueFrom: resourceLimit("limits.memory", "1Mi")}, {Name: "CPU", ValueFrom: resourceLimit("limits.cpu", "1")},
			{Name: "KEY", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: ref("s"), Key: "k"}}},
			{Name: "NONE", ValueFrom: &corev1.EnvVarSource{
				ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: ref("gone"), Key: "k", Optional: &yes},
			}},
		},
	}
	from := fakeSources{
		maps:    map[string]map[string]string{"shop/m": {"x": "y"}},
		secrets: map[string]map[string]string{"shop/s": {"k": "secret"}},
	}
	capacity := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1500m")}
	got, err := Environment(context.Background(), from, pod(), c, capacity)
	if err != nil {
		t.Fatal(err)
	}
	want := Vars{
		"M_x=y", "A=1", "B=1+$(B)+$(A)+$(GONE)", "NAME=web-1", "LABEL=web", "IP=10.244.0.7", "SA=web", "MEMORY=1024", "CPU=2",
		"KEY=secret",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

func TestEnvironmentNamesMissingConfigMap(t *testing.T) {
	c := &corev1.Container{Name: "c", Env: []corev1.EnvVar{{Name: "K", ValueFrom: &corev1.EnvVarSource{
		ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: ref("gone"), Key: "k"}}}}}
	_, err := Environment(context.Background(), fakeSources{}, pod(), c, nil)
	if err == nil || !strings.Contains(err.Error(), "ConfigMap shop/gone not found") {
		t.Errorf("got error %v, want it to name the ConfigMap", err)
	}
}

func TestFiles(t *testing.T) {
	yes := true
	p := pod()
	p.Spec.Volumes = []corev1.Volume{
		{Name: "api", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token"}},
			{ConfigMap: &corev1.ConfigMapProjection{
				LocalObjectReference: ref("ca"), Items: []corev1.KeyToPath{{Key: "ca.crt", Path: "here/ca.crt"}},
			}},
			{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{
				{Path: "labels", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.labels"}},
			}}},
		}}}},
		{Name: "certs", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "gone", Optional: &yes}}},
		{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		{Name: "mesh", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: ref("mesh")}}},
	}
	c := &corev1.Container{VolumeMounts: []corev1.VolumeMount{
		{Name: "api", MountPath: "/var/run/api"}, {Name: "certs", MountPath: "/certs"}, {Name: "tmp", MountPath: "/tmp"},
		{Name: "mesh", MountPath: "/etc/one", SubPath: "one"},
	}}
	from := fakeSources{maps: map[string]map[string]string{"shop/ca": {"ca.crt": "CA", "other": "no"}, "shop/mesh": {"one": "1", "two": "2"}}}
	got, err := Files(context.Background(), from, p, c)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"/var/run/api/token": "token of web for ", "/var/run/api/here/ca.crt": "CA", "/var/run/api/labels": `app="web"`,
		"/etc/one": "1",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if one, err := File(context.Background(), from, p, c, "/var/run/api/here/ca.crt"); err != nil || one != "CA" {
		t.Errorf("got file %q, %v, want CA", one, err)
	}
	p.Spec.Volumes[1].Secret.Optional = nil
	if _, err := Files(context.Background(), from, p, c); err == nil || !strings.Contains(err.Error(), "Secret shop/gone not found") {
		t.Errorf("got error %v, want it to name the Secret", err)
	}
}
