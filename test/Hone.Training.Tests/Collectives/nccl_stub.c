// What Hone calls of CUDA's runtime and of NCCL, in the memory of the CPU, for tests: streams that are threads, events, and communicators
// whose ranks are threads of one process. It keeps the rules of the real ones, and answers with an error where a caller breaks one:
// a communicator that does not block is in progress first, is used by one thread only, takes no work while it is in progress; an event
// belongs to the device that was current; a question that is answered "not ready" leaves an error behind.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef VERSION
#define VERSION 22703
#endif
#define DEVICES 8
#define RANKS 8

enum { success, unhandled_cuda, system_error, internal_error, invalid_argument, invalid_usage, remote_error, in_progress };
enum { cuda_not_ready = 600, cuda_invalid = 1 };

typedef struct { long recorded, passed; int device; } event;
typedef struct communicator communicator;
typedef struct operation {
  enum { pass, follow, fill, collective } kind;
  event *which;
  long number;
  float *floats, value;
  int milliseconds, count, root, type;
  communicator *by;
  struct operation *next;
} operation;
typedef struct { pthread_t thread; operation *first, *last; int device; } stream;
typedef struct { char id[128]; int size, joined, arrived, broken; long turn; void *memory[RANKS]; operation *asked[RANKS]; } group;
struct communicator { group *all; int rank, polls, aborted; pthread_t owner; operation *pending; stream *on; };
typedef struct { char internal[128]; } unique_id;
typedef struct { size_t size; unsigned magic, version; int blocking; } config;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static stream usual[DEVICES];
static group *groups[64];
static int group_count, asynchronous, buses;
static char newest[128];
static struct { char name[64]; int code; } fault;
static __thread int current, last;
// Told to tests.
static long events, aborts, destroys;

static int failing(const char *name) {
  pthread_mutex_lock(&lock);
  int code = strcmp(fault.name, name) ? 0 : fault.code;
  if (code) fault.name[0] = 0;
  pthread_mutex_unlock(&lock);
  return code;
}

// One rank's part of a collective: waits for the others, and the last one computes for all.
static void meet(operation *o) {
  communicator *c = o->by;
  group *g = c->all;
  int size = g->size;
  long turn = g->turn;
  g->memory[c->rank] = o->floats;
  g->asked[c->rank] = o;
  if (++g->arrived < size) {
    while (g->turn == turn && !c->aborted) pthread_cond_wait(&changed, &lock);
    return;
  }
  for (int r = 0; r < size; r++)
    if (g->asked[r]->count != o->count || g->asked[r]->root != o->root || g->asked[r]->type != o->type) g->broken = internal_error;
  if (!g->broken && o->root < 0)
    for (int i = 0; i < o->count; i++) {
      float sum = 0;
      for (int r = 0; r < size; r++) sum += ((float *)g->memory[r])[i];
      for (int r = 0; r < size; r++) ((float *)g->memory[r])[i] = sum;
    }
  if (!g->broken && o->root >= 0)
    for (int r = 0; r < size; r++)
      if (r != o->root) memcpy(g->memory[r], g->memory[o->root], o->count);
  g->arrived = 0;
  g->turn++;
  pthread_cond_broadcast(&changed);
}

static void *serve(void *given) {
  stream *s = given;
  pthread_mutex_lock(&lock);
  for (;;) {
    while (!s->first) pthread_cond_wait(&changed, &lock);
    operation *o = s->first;
    s->first = o->next;
    if (o->kind == pass) o->which->passed = o->number;
    if (o->kind == follow) while (o->which->passed < o->number) pthread_cond_wait(&changed, &lock);
    if (o->kind == collective) meet(o);
    if (o->kind == fill) {
      pthread_mutex_unlock(&lock);
      usleep(1000 * o->milliseconds);
      for (int i = 0; i < o->count; i++) o->floats[i] = o->value;
      pthread_mutex_lock(&lock);
    }
    pthread_cond_broadcast(&changed);
  }
}

static stream *begun(stream *s, int device) {
  if (!s->thread) {
    s->device = device;
    pthread_create(&s->thread, 0, serve, s);
  }
  return s;
}

static stream *stream_of(stream *s) { return s ? s : begun(&usual[current], current); }

static void give(stream *s, operation o) {
  operation *kept = malloc(sizeof o);
  *kept = o;
  kept->next = 0;
  if (s->first) s->last->next = kept;
  else s->first = kept;
  s->last = kept;
  pthread_cond_broadcast(&changed);
}

// CUDA's runtime
int cudaSetDevice(int device) {
  if (device < 0 || device >= DEVICES) return last = cuda_invalid;
  current = device;
  return 0;
}
int cudaDeviceGetPCIBusId(char *text, int bytes, int device) {
  snprintf(text, bytes, "0000:%02x:00.0", buses ? 0 : device);
  return 0;
}
int cudaStreamCreateWithFlags(stream **made, unsigned flags) {
  if (flags != 1) return last = cuda_invalid;
  *made = begun(calloc(1, sizeof(stream)), current);
  return failing("cudaStreamCreateWithFlags");
}
int cudaEventCreateWithFlags(event **made, unsigned flags) {
  if (flags != 2) return last = cuda_invalid;
  pthread_mutex_lock(&lock);
  *made = calloc(1, sizeof(event));
  (*made)->device = current;
  events++;
  pthread_mutex_unlock(&lock);
  return 0;
}
int cudaEventRecord(event *e, stream *s) {
  pthread_mutex_lock(&lock);
  s = stream_of(s);
  int code = e->device == s->device ? 0 : cuda_invalid;
  if (!code) give(s, (operation){.kind = pass, .which = e, .number = ++e->recorded});
  pthread_mutex_unlock(&lock);
  return code;
}
int cudaStreamWaitEvent(stream *s, event *e, unsigned flags) {
  pthread_mutex_lock(&lock);
  give(stream_of(s), (operation){.kind = follow, .which = e, .number = e->recorded});
  pthread_mutex_unlock(&lock);
  return flags ? cuda_invalid : 0;
}
int cudaEventQuery(event *e) {
  int code = failing("cudaEventQuery");
  if (code) return code;
  pthread_mutex_lock(&lock);
  int ready = e->passed >= e->recorded;
  pthread_mutex_unlock(&lock);
  return ready ? 0 : (last = cuda_not_ready);
}
int cudaEventDestroy(event *e) {
  pthread_mutex_lock(&lock);
  events--;
  free(e);
  pthread_mutex_unlock(&lock);
  return 0;
}
int cudaGetLastError(void) {
  int code = last;
  last = 0;
  return code;
}
const char *cudaGetErrorString(int code) { return code == cuda_not_ready ? "not ready" : "the stub's CUDA is unwell"; }

// NCCL
#ifndef WITHOUT_NCCL
int ncclGetVersion(int *version) {
  *version = VERSION;
  return success;
}
const char *ncclGetErrorString(int code) {
  static const char *texts[] = {"no error", "unhandled cuda error", "unhandled system error", "internal error", "invalid argument",
    "invalid usage", "remote process exited", "in progress"};
  return texts[code];
}
const char *ncclGetLastError(communicator *c) { return "the stub's last word"; }
int ncclGetUniqueId(unique_id *id) {
  for (int i = 0; i < 128; i++) id->internal[i] = newest[i] = 1 + rand() % 255;
  return failing("ncclGetUniqueId");
}
#ifndef WITHOUT_CONFIG
int ncclCommInitRankConfig(communicator **made, int size, unique_id id, int rank, config *how) {
  int code = failing("ncclCommInitRankConfig");
  if (code) return code;
  if (how->size != 24 || how->magic != 0xcafebeef || how->version != 21400 || how->blocking != 0) return invalid_argument;
  if (memcmp(newest, id.internal, 128)) return invalid_argument;
  if (size < 1 || size > RANKS || rank < 0 || rank >= size) return invalid_argument;
  pthread_mutex_lock(&lock);
  group *g = 0;
  for (int i = 0; i < group_count; i++)
    if (!memcmp(groups[i]->id, id.internal, 128)) g = groups[i];
  if (!g) {
    g = groups[group_count++] = calloc(1, sizeof(group));
    memcpy(g->id, id.internal, 128);
    g->size = size;
  }
  communicator *c = *made = calloc(1, sizeof(communicator));
  c->all = g;
  c->rank = rank;
  c->owner = pthread_self();
  g->joined++;
  pthread_mutex_unlock(&lock);
  return in_progress;
}
#endif
int ncclCommGetAsyncError(communicator *c, int *state) {
  if (!pthread_equal(c->owner, pthread_self())) return invalid_usage;
  pthread_mutex_lock(&lock);
  *state = asynchronous ? asynchronous : c->all->broken ? c->all->broken : c->all->joined < c->all->size ? in_progress : success;
  // The first collective connects the ranks; only then is it on the stream.
  if (*state == success && c->pending) {
    if (--c->polls > 0) *state = in_progress;
    else {
      give(c->on, *c->pending);
      c->pending = 0;
    }
  }
  pthread_mutex_unlock(&lock);
  return success;
}
static int start(const void *sent, void *received, size_t count, int type, int root, communicator *c, stream *s) {
  if (sent != received || c->pending || c->all->joined < c->all->size || !pthread_equal(c->owner, pthread_self())) return invalid_usage;
  c->pending = malloc(sizeof(operation));
  *c->pending = (operation){.kind = collective, .floats = received, .count = (int)count, .root = root, .type = type, .by = c};
  c->on = s;
  c->polls = 2;
  return in_progress;
}
int ncclAllReduce(const void *sent, void *received, size_t count, int type, int op, communicator *c, stream *s) {
  int code = failing("ncclAllReduce");
  return code ? code : type != 7 || op != 0 ? invalid_argument : start(sent, received, count, type, -1, c, s);
}
int ncclBroadcast(const void *sent, void *received, size_t count, int type, int root, communicator *c, stream *s) {
  int code = failing("ncclBroadcast");
  return code ? code : type != 1 || root < 0 ? invalid_argument : start(sent, received, count, type, root, c, s);
}
int ncclCommAbort(communicator *c) {
  pthread_mutex_lock(&lock);
  c->aborted = 1;
  aborts++;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  return success;
}
int ncclCommDestroy(communicator *c) {
  pthread_mutex_lock(&lock);
  destroys++;
  pthread_mutex_unlock(&lock);
  return success;
}
#endif

// For tests: the next call of a function fails; the state of all communicators; one GPU for all; work of libtorch's that takes long.
void stub_fail(const char *name, int code) {
  pthread_mutex_lock(&lock);
  snprintf(fault.name, sizeof fault.name, "%s", name);
  fault.code = code;
  pthread_mutex_unlock(&lock);
}
void stub_break(int code) { asynchronous = code; }
void stub_one_bus(void) { buses = 1; }
void stub_fill(int device, float *floats, int count, float value, int milliseconds) {
  pthread_mutex_lock(&lock);
  give(begun(&usual[device], device),
    (operation){.kind = fill, .floats = floats, .count = count, .value = value, .milliseconds = milliseconds});
  pthread_mutex_unlock(&lock);
}
long stub_events(void) { return events; }
long stub_aborts(void) { return aborts; }
long stub_destroys(void) { return destroys; }
int stub_last_error(void) { return last; }
