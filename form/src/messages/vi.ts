// Mọi câu chữ của các màn hình, bằng tiếng Việt. Khóa là tên chỗ dùng; {tên} là chỗ điền.
import type { viConflict } from './vi-conflict';
import type { viDashboard } from './vi-dashboard';
import type { viMap } from './vi-map';
import type { viPhone } from './vi-phone';
import type { viPhotos } from './vi-photos';
import type { viHousehold } from './vi-household';
import type { viTiles } from './vi-tiles';
import type { viVerify } from './vi-verify';

export const vi = {
  'name': 'Sổ Nông Hộ',
  'motto': 'Đăng ký hộ sản xuất nông nghiệp, không cần sóng',

  'door.opening': 'Đang mở…',
  'door.insecure': 'Trang này phải được mở bằng địa chỉ https:// thì mới giữ được dữ liệu an toàn trên máy. Xin hỏi quản trị viên địa chỉ đúng.',
  'door.broken': 'Trình duyệt không cho lưu dữ liệu trên máy. Hãy thoát chế độ ẩn danh, hoặc giải phóng bộ nhớ, rồi mở lại.',
  'pin.choose': 'Đặt mã PIN cho máy này',
  'pin.enter': 'Nhập mã PIN để mở',
  'pin.why': 'Mã PIN khóa dữ liệu của các hộ nằm trên máy này. Nếu máy bị mất, người khác không đọc được.',
  'pin.label': 'Mã PIN',
  'pin.again': 'Nhập lại mã PIN',
  'pin.keep': 'Đặt mã PIN',
  'pin.open': 'Mở',
  'pin.short': 'Mã PIN gồm ít nhất {count} chữ số.',
  'pin.guessable': 'Mã này quá dễ đoán. Hãy chọn mã khác.',
  'pin.differ': 'Hai lần nhập không giống nhau.',
  'pin.wrong': 'Sai mã PIN. Còn {count} lần thử; sau đó dữ liệu trên máy này bị xóa.',
  'pin.broken': 'Máy chưa mở được khóa, không phải vì sai mã PIN: lần này không bị tính, chưa có gì bị xóa. Hãy tắt bớt ứng dụng, khởi động lại máy rồi thử lại. Nếu vẫn không được thì báo quản trị viên; đừng xóa dữ liệu của trình duyệt.',
  'pin.wiped': 'Đã nhập sai quá nhiều lần: dữ liệu trên máy này đã bị xóa. Hãy đặt mã PIN mới.',
  'pin.forget': 'Hãy nhớ mã này. Quên mã thì những gì chưa gửi trên máy không lấy lại được.',

  'erased.revoked':
    'Máy này đã bị cho thoát khỏi sổ từ một máy khác, nên mọi dữ liệu trên máy đã được xóa. Nếu máy vẫn trong tay bạn, hãy đặt mã PIN mới rồi đăng nhập lại.',

  'signIn.title': 'Đăng nhập',
  'signIn.needed': 'Cần đăng nhập để gửi. Mọi thứ vẫn nằm an toàn trên máy.',
  'signIn.username': 'Tên đăng nhập',
  'signIn.password': 'Mật khẩu',
  'signIn.mustChange': 'Mật khẩu này do người khác đặt. Hãy chọn mật khẩu của riêng bạn.',
  'signIn.newPassword': 'Mật khẩu mới',
  'signIn.change': 'Đổi mật khẩu',
  'signIn.wrong': 'Tên đăng nhập hoặc mật khẩu không đúng.',
  'signIn.lost': 'Không kết nối được với sổ. Hãy thử lại khi có sóng.',

  'update.ready': 'Đã có phiên bản mới của ứng dụng.',
  'update.notOffline': 'Máy này chưa lưu được ứng dụng để mở khi không có sóng. Hãy mở lại trang khi có sóng, hoặc giải phóng bộ nhớ, trước khi đi vào vùng không có sóng.',
  'update.take': 'Cập nhật',

  'home.title': 'Danh sách của tôi',
  'home.start': 'Đăng ký hộ mới',
  'home.back': 'Danh sách',
  'home.searchLost': 'Chưa hỏi được sổ. Không có sóng thì chỉ tìm được trong xã đã mang theo: xem “Máy này”.',
  'home.search': 'Tìm theo tên, số định danh',
  'home.searchIn': 'Tìm trong {count} hộ trên máy',
  'home.takeAlong': 'Mang dữ liệu của xã theo để tìm khi không có sóng',
  'home.commune': 'Xem {count} hộ của xã',
  'home.masked': 'Bản trên máy che bớt thông tin của hộ này. Hãy mở lại khi có sóng.',
  'home.maskedForYou': 'Tài khoản này chỉ được xem một phần thông tin của hộ này, nên không sửa được ở đây.',
  'home.group.returned': 'Lãnh đạo xã trả lại',
  'home.group.back': 'Cần xem lại',
  'home.group.drafts': 'Đang làm dở',
  'home.group.waiting': 'Chờ gửi',
  'home.group.sent': 'Đã gửi gần đây',
  'home.reason': 'Lý do: {reason}',
  'home.empty': 'Chưa có hộ nào trên máy này.',
  'home.remove': 'Xóa bản',
  'home.removeOf': 'của {name}',
  'home.sureRemove': 'Xóa bản của “{name}” khỏi máy? Không lấy lại được.',
  'home.willSend': 'Gửi khi có sóng',
  'home.tried': 'Đã thử {count} lần, sẽ tự gửi lại',
  'home.refused': 'Đã thử {count} lần, sổ chưa nhận được (mã {reason}); sẽ tự gửi lại',
  'home.sentAt': 'Gửi xong {at}',
  'home.changedAt': 'Sửa lúc {at}',

  'state.draft': 'Bản nháp',
  'state.queued': 'Chờ gửi',
  'state.sending': 'Đang gửi',
  'state.sent': 'Đã gửi',
  'state.conflict': 'Có hai bản',
  'state.rejected': 'Chưa được nhận',

  'sync.sending': 'Đang gửi…',
  'sync.households': '{count} hộ',
  'sync.photos': '{count} ảnh',
  'sync.held.signal': '{what} chờ gửi. Sẽ tự gửi khi có sóng.',
  'sync.held.network': '{what} chờ gửi. Mạng này đòi đăng nhập riêng hoặc đang chặn sổ.',
  'sync.held.register': '{what} chờ gửi. Sổ chưa nhận được lúc này (mã {reason}); ứng dụng sẽ tự gửi lại. Nếu kéo dài, xin báo quản trị viên.',
  'sync.held.phone': '{what} chờ gửi. Máy gặp lỗi khi gửi và sẽ tự thử lại; nếu lặp lại, hãy tải lại trang.',
  'sync.nothing': 'Không có gì chờ gửi',
  'sync.now': 'Gửi ngay',

  'fault.part': 'Chưa mở được phần này của ứng dụng. Hãy thử lại khi có sóng.',
  'fault.again': 'Thử lại',
  'fault.reload': 'Tải lại trang',
  'fault.unexpected': 'Có lỗi ngoài dự tính. Những gì đã báo “Đã lưu” vẫn còn. Hãy tải lại trang; nếu lỗi lặp lại, xin báo quản trị viên.',
  'definition.missing': 'Chưa tải được biểu mẫu',
  'definition.help': 'Lần đầu cần có sóng để tải biểu mẫu. Hãy mở lại trang khi có sóng; từ đó về sau không cần sóng nữa.',
  'units.help': 'Máy này chưa có danh sách xã, phường. Hãy đăng nhập khi có sóng và đợi dòng này biến mất rồi mới đi vào vùng không có sóng.',

  'household.new': 'Hộ mới',
  'household.unnamed': 'Chưa có tên chủ hộ',
  'household.previous': 'Quay lại',
  'household.queued': 'Đã lưu hộ {name} trên máy. Sẽ gửi ngay khi có sóng.',
  'household.gone': 'Bản này không còn trên máy',

  'saving.saved': 'Đã lưu {at}',
  'saving.waiting': 'Đang lưu…',
  'saving.not': 'Chưa lưu được',
  'saving.fullHelp': 'Máy đã hết chỗ nên chưa lưu được. Đừng đóng trang: hãy xóa bớt ảnh, ứng dụng; những gì vừa nhập sẽ tự được lưu lại.',
  'saving.failedHelp': 'Máy chưa lưu được những gì vừa nhập và đang tự thử lại. Đừng đóng trang. Nếu dòng này không mất, hãy chép ra giấy những gì vừa nhập rồi tải lại trang.',
  'saving.elsewhere': 'Mở ở tab khác',
  'saving.elsewhereHelp': 'Hộ này đang được sửa ở một tab khác. Tab này không ghi đè lên bản mới hơn.',

  'stage.registered': 'đăng ký',
  'stage.standardized': 'chuẩn hóa',
  'stage.digitized': 'số hóa',
  'stage.name.registered': 'Đăng ký',
  'stage.name.standardized': 'Chuẩn hóa',
  'stage.name.digitized': 'Số hóa',

  'rejected.unknown': 'Sổ trả lời mã {status}.',

  'commune.title': 'Hộ của xã',
  'commune.empty': 'Chưa mang dữ liệu của xã nào theo máy.',
  'commune.village': 'Thôn, xóm, bản, khối',
  'commune.allVillages': 'Tất cả',
  'commune.count': '{count} hộ',

  'conflict.short': 'Sổ đã có bản mới hơn bản trên máy',

  'field.yes': 'Có',
  'field.no': 'Không',
  'field.clear': 'Xóa câu trả lời',
  'cards.parcel': 'Tờ {sheet}, thửa {number}',
  'choice.choose': 'Chọn…',
  'choice.close': 'Đóng',
  'choice.done': 'Xong',
  'choice.search': 'Gõ để tìm, không cần dấu',
  'choice.found': '{count} kết quả',
  'choice.narrow': 'Gõ thêm để thu hẹp.',

  'unit.month': 'tháng',
  'unit.head': 'con',
  'unit.person': 'người',
  'unit.day': 'ngày',
  'unit.star': 'sao',
  'unit.t': 'tấn',
  'unit.t/ha': 'tấn/ha',
  'unit.million đồng': 'triệu đồng',

  'check.text.shape': 'Chưa đúng mẫu. Ví dụ: {example}.',
  'check.number.typed': 'Hãy nhập một số, ví dụ 1250 hoặc 12,5.',
  'check.number.two-readings': 'Hãy chọn một trong hai cách đọc số này.',
  'check.date.typed': 'Ngày này không có trong lịch. Có thể chỉ ghi năm nếu không nhớ.',
  'check.code.typed': 'Hãy chọn trong danh sách.',
  'check.unknown': 'Câu trả lời này chưa hợp lệ ({code}).',

  'settings.title': 'Máy này',

  'verify.more': 'Xem thêm',
  'verify.title': 'Hộ chờ xác minh',
  'verify.lost': 'Không kết nối được. Hãy thử lại khi có sóng.',
  'verify.loading': 'Đang tải…',

  'photo.list': 'Ảnh giấy tờ',
} as const;

export type MessageKey = keyof typeof vi | keyof typeof viConflict | keyof typeof viDashboard | keyof typeof viMap | keyof typeof viPhone | keyof typeof viPhotos | keyof typeof viHousehold | keyof typeof viTiles | keyof typeof viVerify;
